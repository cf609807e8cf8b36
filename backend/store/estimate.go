package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// SQLite chooses indexes by sqlite_stat1, and without it by how many columns
// match alone: "of this workspace and of this incident" is then answered by
// reading the whole workspace as readily as by reading the incident. Nobody runs
// ANALYZE on an embedded database at the right moment, and what it finds in a
// young one is wrong in an old one. So the table is filled with what an old one
// looks like: a million rows of few workspaces. The format is documented to be
// written by applications (SQLite, "The ANALYZE command", section 3).

const (
	// estimatedRows is how many rows every table is taken to have, and
	// estimatedPart how many a partial index.
	estimatedRows, estimatedPart = 1_000_000, 20_000
	// estimatedWorkspaces share them; more than one, or SQLite would read the
	// table of a workspace's settings without looking for the workspace.
	estimatedWorkspaces = 3
	// estimatedMembers is among how many values a closed set spreads rows.
	estimatedMembers = 5
	// estimatedOf is how many rows share one id, time or key.
	estimatedOf = 10
)

// closedColumns have few values. All others name something.
var closedColumns = map[string]bool{
	"status": true, "severity": true, "severity_rank": true, "phase": true, "kind": true, "source": true, "format": true, "type": true, "incident_type": true, "verdict": true,
	"state": true, "class": true, "level": true, "needs_approval": true, "held": true, "standing": true, "declared": true, "by_kind": true, "population": true, "enabled": true,
}

// estimate brings sqlite_stat1 to what it should say of every index of ours.
func estimate(ctx context.Context, db *sql.DB) error {
	want, err := estimates(ctx, db)
	if err != nil {
		return err
	}
	var analysed bool
	if err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'`).Scan(&analysed); err != nil {
		return err
	}
	if analysed {
		if have, err := estimated(ctx, db); err != nil || maps.Equal(want, have) {
			return err
		}
	}
	if err := writeEstimates(ctx, db, want); err != nil {
		return fmt.Errorf("the estimates of the indexes: %w", err)
	}
	_, err = db.ExecContext(ctx, `ANALYZE sqlite_schema`) // this connection reads the table again
	return err
}

func writeEstimates(ctx context.Context, db *sql.DB, want map[string]string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	// The table cannot be created by name; analysing what has a few rows makes it.
	for _, text := range []string{`ANALYZE installation`, `DELETE FROM sqlite_stat1`} {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	for _, index := range slices.Sorted(maps.Keys(want)) {
		table, name, _ := strings.Cut(index, " ")
		if _, err := tx.ExecContext(ctx, `INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ($1, $2, $3)`, table, name, want[index]); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// estimated is what sqlite_stat1 says, by table and index.
func estimated(ctx context.Context, db *sql.DB) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT tbl || ' ' || idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	have := map[string]string{}
	for rows.Next() {
		var index, stat string
		if err := rows.Scan(&index, &stat); err != nil {
			return nil, err
		}
		have[index] = stat
	}
	return have, rows.Err()
}

// estimates is what it should say. The indexes of full-text search and of the
// job queue are not asked by workspace, and are left to SQLite; so are those of
// incidents, whose lists say in their own text which index they walk and would
// be sorted instead.
func estimates(ctx context.Context, db *sql.DB) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, `SELECT m.tbl_name || ' ' || m.name, l."unique", l.partial, c.name, (SELECT COUNT(*) FROM pragma_index_info(m.name))
FROM sqlite_schema m JOIN pragma_index_list(m.tbl_name) l ON l.name = m.name JOIN pragma_index_info(m.name) c
WHERE m.type = 'index' AND m.tbl_name <> 'incident' AND m.tbl_name NOT LIKE 'river%' AND m.tbl_name NOT LIKE '%search%' ORDER BY m.name, c.seqno`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	want, left := map[string]string{}, map[string]int{}
	for rows.Next() {
		var index string
		var column sql.NullString // an expression has no name
		var unique, partial bool
		var columns int
		if err := rows.Scan(&index, &unique, &partial, &column, &columns); err != nil {
			return nil, err
		}
		if want[index] == "" {
			left[index] = estimatedRows
			if partial {
				left[index] = estimatedPart
			}
			want[index] = strconv.Itoa(left[index])
		}
		switch {
		case column.String == "workspace_id":
			left[index] = max(left[index]/estimatedWorkspaces, 1)
		case closedColumns[column.String]:
			left[index] = max(left[index]/estimatedMembers, 1)
		default:
			left[index] = min(left[index], estimatedOf)
		}
		last := len(strings.Fields(want[index])) == columns
		if last && unique {
			left[index] = 1
		}
		want[index] += " " + strconv.Itoa(left[index])
	}
	return want, rows.Err()
}
