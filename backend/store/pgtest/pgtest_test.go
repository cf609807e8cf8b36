package pgtest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"vedette/backend/store/pgtest"
)

func TestEveryCallGivesAnEmptyDatabaseOfItsOwn(t *testing.T) {
	ctx := context.Background()
	first, second := pgtest.Start(t), pgtest.Start(t)
	if first == second {
		t.Fatalf("both calls gave %s", first)
	}
	for _, database := range []string{first, second} {
		connection, err := pgx.Connect(ctx, database)
		if err != nil {
			t.Fatal(err)
		}
		// Fails in the second round if the two share a database.
		if _, err := connection.Exec(ctx, `CREATE TABLE mark (id BIGINT PRIMARY KEY)`); err != nil {
			t.Error(err)
		}
		if err := connection.Close(ctx); err != nil {
			t.Error(err)
		}
	}
}
