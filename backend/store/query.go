package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"vedette/backend/soc/kql"
)

// Limits of a query.
const (
	// queryDeadline is how long a query may wait and run.
	queryDeadline = 10 * time.Second
	// QueryScan is the most rows that are read of one table: the newest ones.
	// A query that would have to read more is refused, never cut.
	QueryScan = 100_000
	// queryNear is how many of the newest rows a query that streams is tried on
	// first: most pages fill up there, and finding where 100,000 rows end costs
	// more than such a page.
	queryNear = 5_000
	// queryBytes is the most that the values of an answer hold together.
	queryBytes = 1 << 20
	// queriesAtOnce bounds the queries that run: each keeps a core busy and a
	// connection from everybody else.
	queriesAtOnce = 2
)

// QueryScope says who asks and what of.
type QueryScope struct {
	Workspace string
	// Run is the incident of the run that asks: of others it sees what the
	// lists show it, and nothing of their rows.
	Run string
	// Incidents limit every table to the rows of these, by UUID; nil does not.
	Incidents []string
	// Lineage asks for where the rows of the answer came from.
	Lineage bool
	// Limit is the most rows of the answer, and Scan the most that are read of
	// one table, default QueryScan.
	Limit, Scan int
	// Skip leaves out the first rows, which are read but not handed over; they
	// count towards Limit.
	Skip int
}

// QueryAnswer are the rows of a query. A value is nil, string, int64, float64
// or bool; datetimes and timespans are microseconds, dynamic values JSON.
type QueryAnswer struct {
	Rows [][]any
	// More is true where there are rows beyond the limit; Cut where the answer
	// ends early because its values are long.
	More, Cut bool
	// Sources are the incidents that the rows came from, where asked for.
	Sources []QuerySource
}

// QuerySource is an incident of which text went into an answer.
type QuerySource struct {
	Incident string
	Flagged  bool
	// Evidence are the numbers of the rows that stand in the answer as they are.
	Evidence []int
}

// Errors of a query. They are the caller's and not the store's.
var (
	ErrQueryTime = errors.New("store: the query took too long")
	ErrQuerySize = errors.New("store: the query needs too much room")
)

// QueryScanError is a table that holds more rows than may be read.
type QueryScanError struct {
	Table string
	// Since is where the rows begin that may be read.
	Since time.Time
}

func (e *QueryScanError) Error() string {
	return "store: more rows of " + e.Table + " than may be read"
}

// Query runs a plan in a transaction that can only read, on one snapshot.
func (s *Store) Query(ctx context.Context, plan *kql.Plan, scope QueryScope) (answer QueryAnswer, err error) {
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	select {
	case s.queries <- struct{}{}:
		defer func() { <-s.queries }()
	case <-ctx.Done():
		return answer, ErrQueryTime
	}
	q, end, err := s.beginQuery(ctx)
	if err != nil {
		return answer, queryFailure(ctx, err)
	}
	defer end()
	if scope.Scan == 0 {
		scope.Scan = QueryScan
	}
	if near := scope; plan.Streams && near.Scan > queryNear {
		near.Scan = queryNear
		answer, err = s.scanned(ctx, q, plan, near)
		if beyond := (*QueryScanError)(nil); !errors.As(err, &beyond) {
			return answer, err
		}
	}
	return s.scanned(ctx, q, plan, scope)
}

// scanned answers from the newest rows that scope lets it read, or tells that
// the answer may lie behind them.
func (s *Store) scanned(ctx context.Context, q oneQuery, plan *kql.Plan, scope QueryScope) (answer QueryAnswer, err error) {
	b := &queryBuilder{dialect: s.dialect, workspace: scope.Workspace, run: scope.Run, incidents: scope.Incidents, lineage: scope.Lineage}
	capped, err := b.measure(ctx, q, plan, scope.Scan)
	if err != nil {
		return answer, queryFailure(ctx, err)
	}
	if capped != nil && !plan.Streams {
		return answer, capped
	}
	text, lineage, err := b.statement(plan, scope.Limit+1)
	if err != nil {
		return answer, ErrQuerySize
	}
	answer, err = readAnswer(ctx, q, text, b.args, plan.Columns, lineage, scope)
	if err != nil {
		return answer, queryFailure(ctx, err)
	}
	if capped != nil && !answer.More && !answer.Cut && !whole(plan.Root, scope.Scan) {
		return QueryAnswer{}, capped
	}
	return answer, nil
}

// whole reports a plan that takes no more rows than may be read before it drops
// any.
func whole(n kql.Node, most int) bool {
	switch n := n.(type) {
	case *kql.Filter:
		return whole(n.In, most)
	case *kql.Project:
		return whole(n.In, most)
	case *kql.Take:
		return whole(n.In, most) || n.N <= int64(most) && !filters(n.In)
	}
	return false
}

func filters(n kql.Node) bool {
	switch n := n.(type) {
	case *kql.Filter:
		return true
	case *kql.Project:
		return filters(n.In)
	case *kql.Take:
		return filters(n.In)
	}
	return false
}

// oneQuery runs statements of one query. They are not kept: every question is
// another text.
type oneQuery struct {
	lite *sql.Tx
	pg   pgx.Tx
}

func (s *Store) beginQuery(ctx context.Context) (q oneQuery, end func(), err error) {
	done := context.WithoutCancel(ctx)
	if s.dialect == postgresDialect {
		tx, err := s.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return q, nil, err
		}
		end = func() { _ = tx.Rollback(done) }
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = "+strconv.FormatInt(queryDeadline.Milliseconds(), 10)); err != nil {
			end()
			return q, nil, err
		}
		return oneQuery{pg: tx}, end, nil
	}
	tx, err := s.readerDB.BeginTx(ctx, nil)
	return oneQuery{lite: tx}, func() { _ = tx.Rollback() }, err
}

// errPrepare is a statement of ours that an engine does not understand.
type errPrepare struct{ error }

func (q oneQuery) query(ctx context.Context, text string, args []any) (rows, func(), error) {
	if q.pg != nil {
		found, err := q.pg.Query(ctx, text, append([]any{pgx.QueryExecModeDescribeExec}, args...)...)
		return found, func() {}, err
	}
	stmt, err := q.lite.PrepareContext(ctx, text)
	if err != nil {
		return nil, nil, errPrepare{err}
	}
	found, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		_ = stmt.Close()
		return nil, nil, err
	}
	return sqlRows{found}, func() { _ = stmt.Close() }, nil
}

// measure finds for every table whether it holds more rows than may be read,
// and where the readable ones begin. It walks an index and reads no row.
func (b *queryBuilder) measure(ctx context.Context, q oneQuery, plan *kql.Plan, most int) (capped *QueryScanError, err error) {
	floors := map[*kql.Scan]int64{}
	for _, scan := range scansOf(plan.Root) {
		t := findQueryTable(scan.Table)
		if t == nil {
			return nil, errors.New("store: a table that is not ours")
		}
		m := &queryBuilder{dialect: b.dialect, workspace: b.workspace, run: b.run, incidents: b.incidents}
		text := "SELECT " + t.order[0] + " FROM " + t.base + m.scanWhere(scan, t, false) + " ORDER BY " + strings.Join(t.order, " DESC, ") + " DESC LIMIT 1 OFFSET " + m.arg(int64(most))
		found, done, err := q.query(ctx, text, m.args)
		if err != nil {
			return nil, err
		}
		var floor int64
		beyond := found.Next()
		if beyond {
			err = found.Scan(&floor)
		}
		found.Close()
		done()
		if err == nil {
			err = found.Err()
		}
		if err != nil {
			return nil, err
		}
		if beyond {
			floors[scan] = floor
			capped = &QueryScanError{Table: t.Name, Since: fromMicros(floor)}
		}
	}
	b.floors = floors
	return capped, nil
}

// scansOf are the tables of a plan.
func scansOf(n kql.Node) []*kql.Scan {
	switch n := n.(type) {
	case *kql.Scan:
		return []*kql.Scan{n}
	case *kql.Filter:
		return scansOf(n.In)
	case *kql.Project:
		return scansOf(n.In)
	case *kql.Sort:
		return scansOf(n.In)
	case *kql.Take:
		return scansOf(n.In)
	case *kql.Aggregate:
		return scansOf(n.In)
	case *kql.Join:
		return append(scansOf(n.Left), scansOf(n.Right)...)
	}
	return nil
}

// queryFailure tells what the caller asked too much of from what failed.
func queryFailure(ctx context.Context, err error) error {
	if errors.As(err, new(errPrepare)) {
		return err
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqliteInterrupt:
			return ErrQueryTime
		case sqliteFull, sqliteNoMemory, sqliteTooBig:
			return ErrQuerySize
		case sqliteError:
			// A statement that was understood fails in this way only for
			// what a function said: arithmetic is the one that does.
			return kql.ErrRange
		}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == postgresCanceled:
			return ErrQueryTime
		case pg.Code == postgresRange:
			return kql.ErrRange
		case strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "54"): // resources, program limits
			return ErrQuerySize
		}
	}
	if ctx.Err() != nil {
		return ErrQueryTime
	}
	return failure(err)
}

// FilledTables names the tables that a query may find rows in: all but views
// of evidence of which the newest rows have none.
func (s *Store) FilledTables(ctx context.Context, scope QueryScope) (names []string, err error) {
	q, end, err := s.beginQuery(ctx)
	if err != nil {
		return nil, failure(err)
	}
	defer end()
	types := map[string]bool{}
	b := &queryBuilder{dialect: s.dialect, workspace: scope.Workspace, run: scope.Run}
	t := queryTables[0]
	text := "SELECT DISTINCT newest.type FROM (SELECT e.type FROM " + t.base + b.scanWhere(&kql.Scan{Table: &t.Table}, t, false) +
		" ORDER BY " + strings.Join(t.order, " DESC, ") + " DESC LIMIT " + b.arg(int64(QueryScan)) + ") newest"
	found, done, err := q.query(ctx, text, b.args)
	if err != nil {
		return nil, failure(err)
	}
	defer done()
	defer found.Close()
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			return nil, failure(err)
		}
		types[name] = true
	}
	for _, t := range queryTables {
		if t.types == nil || slices.ContainsFunc(t.types, func(name string) bool { return types[name] }) {
			names = append(names, t.Name)
		}
	}
	return names, failure(found.Err())
}
