package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"

	"vedette/backend/soc"
)

// jobInserter inserts River jobs in the causing transaction. It is a client
// without queues: it never works a job, so that every process may insert and
// only `vedette serve` executes.
type jobInserter struct {
	lite *river.Client[*sql.Tx]
	pg   *river.Client[pgx.Tx]
}

func newSQLiteJobInserter(db *sql.DB) (*jobInserter, error) {
	client, err := river.NewClient(riversqlite.New(db), &river.Config{})
	if err != nil {
		return nil, err
	}
	return &jobInserter{lite: client}, nil
}

func newPostgresJobInserter(pool *pgxpool.Pool) (*jobInserter, error) {
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{})
	if err != nil {
		return nil, err
	}
	return &jobInserter{pg: client}, nil
}

// JobClient works jobs; river.Client is one for each driver.
type JobClient interface {
	Start(ctx context.Context) error
	// Stop takes no new work and waits for what runs.
	Stop(ctx context.Context) error
	// StopAndCancel ends the contexts of what runs, too.
	StopAndCancel(ctx context.Context) error
}

// JobClient makes the client that works jobs, on this store's connections: on
// SQLite it shares the one writer, which is fair.
func (s *Store) JobClient(config *river.Config) (JobClient, error) {
	if s.dialect == postgresDialect {
		return river.NewClient(riverpgxv5.New(s.pool), config)
	}
	return river.NewClient(riversqlite.New(s.writerDB), config)
}

// queueOf keeps kinds of work apart, so that a flood of one does not delay
// another. Kinds that are not named share river's default queue.
func queueOf(kind string) string {
	switch kind {
	case soc.GamebookJob{}.Kind(), soc.VerifyJob{}.Kind():
		return soc.QueueResponse
	case soc.DeliveryJob{}.Kind():
		return soc.QueueWebhook
	case soc.TriageJob{}.Kind(), soc.FloorJob{}.Kind():
		return soc.QueueTriage
	}
	return river.QueueDefault
}

// Job is what can be enqueued: a value that encodes as JSON and has a stable
// kind (backend/soc/job.go).
type Job interface{ Kind() string }

// Enqueue inserts a job in this transaction, to run at a time (zero: at once).
// The job may run more than once: its arguments name one of our own rows, and
// that row is the truth.
//
// The jobs of a group are inserted together at its end, as its audit entries
// are: one insert of River's costs as much as a dozen rows of ours.
func (tx *Tx) Enqueue(job Job, at time.Time) error {
	if tx.failed != nil {
		return failure(tx.failed)
	}
	if !at.After(time.Now()) {
		// River holds back whatever has a time at all, until its scheduler's
		// next turn, which is up to five seconds away.
		at = time.Time{}
	}
	tx.jobs = append(tx.jobs, river.InsertManyParams{Args: job, InsertOpts: &river.InsertOpts{ScheduledAt: at, Queue: queueOf(job.Kind())}})
	return nil
}

// appendJobs inserts the jobs of a group.
func (g *group) appendJobs(ctx context.Context, jobs []river.InsertManyParams) error {
	if len(jobs) == 0 || g.ended {
		return nil
	}
	if err := g.q.settle(ctx); err != nil {
		return err
	}
	if g.pg != nil {
		_, err := g.store.jobs.pg.InsertManyFastTx(ctx, g.pg, jobs)
		return err
	}
	_, err := g.store.jobs.lite.InsertManyFastTx(ctx, g.lite, jobs)
	return err
}
