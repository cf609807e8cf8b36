package bare

import (
	"context"
	"maps"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/store/pgtest"
)

// databases gives a suite two fresh, migrated databases of each engine.
func databases(t *testing.T, suite func(t *testing.T, first, second string)) {
	t.Run("sqlite", func(t *testing.T) {
		folder := t.TempDir()
		suite(t, filepath.Join(folder, "first.db"), filepath.Join(folder, "second.db"))
	})
	t.Run("postgres", func(t *testing.T) { suite(t, pgtest.Start(t), pgtest.Start(t)) })
}

const workspace = "0197a000-0000-7000-8000-000000000001"

func openStore(t *testing.T, where string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), where, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func openEngine(t *testing.T, where string) *Engine {
	t.Helper()
	e, err := Open(context.Background(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// fill writes n incidents, each with an alert and an entity, a job and an entry
// of the record.
func fill(t *testing.T, s *store.Store, n int) {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	err := s.Write(context.Background(), func(tx *store.Tx) error {
		if err := tx.InsertOrganization(soc.Organization{ID: "org", Name: "Org", CreatedAt: now}); err != nil {
			return err
		}
		if err := tx.InsertWorkspace(soc.Workspace{ID: workspace, Organization: "org", Name: "First", CreatedAt: now}); err != nil {
			return err
		}
		for k := range n {
			i, err := tx.InsertIncident(soc.Incident{
				ID: "incident-" + strconv.Itoa(k), ShortID: "INC-" + strconv.Itoa(k), Workspace: workspace, Source: "edge", ExternalID: strconv.Itoa(k),
				Number: int64(k + 1), Title: "Suspicious process", Description: "A 'quoted' thing: <b>", Severity: soc.SeverityHigh,
				IngestSeverity: soc.SeverityHigh, HighestSeverity: soc.SeverityHigh, Status: soc.StatusNew, CreatedAt: now.Add(time.Duration(k) * time.Second), UpdatedAt: now, Version: 1,
			})
			if err != nil {
				return err
			}
			if err := tx.InsertAlert(soc.Alert{ID: "alert-" + strconv.Itoa(k), UID: uuid.Must(uuid.NewV7()).String(), Status: soc.AlertEscalated, SentSeverity: soc.SeverityHigh, RepeatCount: 1, Workspace: workspace, Source: "edge", ExternalID: strconv.Itoa(k), Incident: i.ID, Severity: soc.SeverityHigh, CreatedAt: now, Raw: []byte{0, 1, 255}}); err != nil {
				return err
			}
			if err := tx.InsertEntity(soc.Entity{ID: "entity-" + strconv.Itoa(k), Workspace: workspace, Incident: i.ID, Kind: soc.KindHost, Value: "ws-1", Names: []string{"ws-1", "ws-1.corp"}, Provenance: soc.ProvenanceParsed}, i.Seq); err != nil {
				return err
			}
			if err := tx.Enqueue(soc.FloorJob{Workspace: workspace, Incidents: []string{i.ID}}, now); err != nil {
				return err
			}
			tx.Audit(soc.AuditEntry{At: now, Event: "test", ActorKind: soc.PrincipalHost})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWriteStoresTheSameNumberAndKindOfRows(t *testing.T) {
	databases(t, func(t *testing.T, first, second string) {
		ctx := context.Background()
		fill(t, openStore(t, first), 7)
		openStore(t, second)
		from, to := openEngine(t, first), openEngine(t, second)
		rows, err := from.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		want, err := from.Counts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if int64(rows.Len()) != Total(want) || want["river_job"] != 7 || want["audit"] != 7 || want[words] != 14 {
			t.Fatalf("read %d rows of %v", rows.Len(), want)
		}
		if err := to.Prepare(ctx, from); err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(ctx, rows, 3); err != nil {
			t.Fatal(err)
		}
		got, err := to.Counts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got, want) {
			t.Errorf("the bare engine holds %v, the product %v", got, want)
		}
		if err := to.Check(ctx); err != nil {
			t.Error(err)
		}
		again, err := to.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(again.units) != len(rows.units) {
			t.Errorf("%d incidents became %d", len(rows.units), len(again.units))
		}
	})
}

func TestReadsFindWhatTheProductWrote(t *testing.T) {
	databases(t, func(t *testing.T, first, _ string) {
		ctx := context.Background()
		fill(t, openStore(t, first), 5)
		e := openEngine(t, first)
		if n, err := e.Incident(ctx, "incident-3"); err != nil || n < 40 {
			t.Errorf("an incident of %d columns, %v", n, err)
		}
		if _, err := e.Incident(ctx, "incident-9"); err == nil {
			t.Error("an incident that is not there was read")
		}
		if n, err := e.List(ctx, workspace, "new", 4); err != nil || n != 4 {
			t.Errorf("list of %d, %v", n, err)
		}
		if n, err := e.Search(ctx, workspace, "suspicious", 3); err != nil || n != 3 {
			t.Errorf("search found %d, %v", n, err)
		}
	})
}
