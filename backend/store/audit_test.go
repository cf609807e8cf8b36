package store

import (
	"context"
	"fmt"
	"testing"

	"vedette/backend/soc"
)

// auditChain writes n entries in writes of one to three and returns the
// checkpoint at the end.
func auditChain(t testing.TB, s *Store, n int) soc.AuditCheckpoint {
	t.Helper()
	for k := 0; k < n; {
		write(t, s, func(tx *Tx) error {
			for range min(1+k%3, n-k) {
				e := hostAudit(fmt.Sprintf("event_%d", k))
				e.Workspace, e.Incident, e.Rules, e.Detail, e.Code = "w", fmt.Sprint("i", k%4), []string{"g1", "g<2>"}, `{"a":"ü\u2028&"}`, soc.CodeConflict
				tx.Audit(e)
				k++
			}
			return nil
		})
	}
	position, hash, err := s.Read(context.Background()).AuditHead()
	if err != nil || position != int64(n) {
		t.Fatalf("%d entries (%v), want %d", position, err, n)
	}
	return soc.AuditCheckpoint{Position: position, Hash: hash}
}

// tamper runs a statement that no method of the store runs.
func tamper(t testing.TB, s *Store, statements ...string) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		for _, statement := range statements {
			if _, err := tx.update(statement); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestS55AnUntouchedRecordVerifies(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		empty, err := s.VerifyAudit(ctx, 1)
		if err != nil || !empty.OK || empty.Rows != 0 {
			t.Errorf("an empty record: %+v (%v)", empty, err)
		}
		end := auditChain(t, s, verifyPage+7)
		for _, from := range []int64{0, 1, 2, verifyPage, end.Position, end.Position + 1} {
			v, err := s.VerifyAudit(ctx, from, end)
			if err != nil || !v.OK || v.Rows != end.Position-max(from, 1)+1 || len(v.Checkpoints) != 1 || !v.Checkpoints[0].OK {
				t.Errorf("from %d: %+v (%v)", from, v, err)
			}
		}
		// Entries come back as they were written, newest first.
		entries, err := s.Read(ctx).AuditEntries(AuditFilter{Workspace: "w", Incident: "i1", Limit: 3})
		if err != nil || len(entries) != 3 || entries[0].Position < entries[1].Position || entries[0].Incident != "i1" || entries[2].Rules[1] != "g<2>" {
			t.Errorf("%+v (%v)", entries, err)
		}
	})
}

// TestS55EveryKindOfTamperingIsFound changes a record of ten entries in one way
// each and names the first bad position, with and without a checkpoint.
func TestS55EveryKindOfTamperingIsFound(t *testing.T) {
	const unseen = -1
	ways := map[string]struct {
		statements []string
		without    int64 // the first bad position without a checkpoint
		with       int64 // and with the one at 10
	}{
		"flip a byte of an entry": {[]string{`UPDATE audit SET entry = REPLACE(entry, 'event_4', 'event_X') WHERE position = 5`}, 5, 5},
		"flip a hash":             {[]string{`UPDATE audit SET hash = REPLACE(hash, 'a', 'b') WHERE position = 5`}, 5, 5},
		"change a column":         {[]string{`UPDATE audit SET actor_id = 'somebody' WHERE position = 5`}, 5, 5},
		"change a code":           {[]string{`UPDATE audit SET code = '' WHERE position = 5`}, 5, 5},
		"delete a row":            {[]string{`DELETE FROM audit WHERE position = 5`}, 5, 5},
		"delete the first":        {[]string{`DELETE FROM audit WHERE position = 1`}, 1, 1},
		"reorder":                 {[]string{`UPDATE audit SET position = 100 WHERE position = 5`, `UPDATE audit SET position = 5 WHERE position = 6`, `UPDATE audit SET position = 6 WHERE position = 100`}, 5, 5},
		"truncate the tail":       {[]string{`DELETE FROM audit WHERE position > 7`}, 8, 8},
		"truncate tail and head":  {[]string{`DELETE FROM audit WHERE position > 7`, `UPDATE audit_head SET position = 7, hash = (SELECT hash FROM audit WHERE position = 7)`}, unseen, 10},
		"move the head back":      {[]string{`UPDATE audit_head SET position = 7, hash = (SELECT hash FROM audit WHERE position = 7)`}, 8, 8},
		"change the head's hash":  {[]string{`UPDATE audit_head SET hash = 'sha256:00'`}, 10, 10},
		"empty everything":        {[]string{`DELETE FROM audit`, `UPDATE audit_head SET position = 0, hash = ''`}, unseen, 10},
		"a row behind the head":   {[]string{`INSERT INTO audit SELECT 11, at, event, actor_kind, actor_id, workspace_id, incident_id, gamebook_id, request_id, code, entry, hash FROM audit WHERE position = 10`}, 11, 11},
		"not an entry":            {[]string{`UPDATE audit SET entry = 'x' WHERE position = 5`}, 5, 5},
	}
	engines(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		end := auditChain(t, s, 10)
		for name, way := range ways {
			t.Run(name, func(t *testing.T) {
				tamper(t, s, append([]string{`CREATE TABLE kept AS SELECT * FROM audit`, `CREATE TABLE kept_head AS SELECT * FROM audit_head`}, way.statements...)...)
				without, err := s.VerifyAudit(ctx, 1)
				if err != nil {
					t.Fatal(err)
				}
				with, err := s.VerifyAudit(ctx, 1, end)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range []struct {
					got  soc.AuditVerification
					want int64
				}{{without, way.without}, {with, way.with}} {
					switch {
					case c.want == unseen && !c.got.OK:
						t.Errorf("nothing can tell, and yet: %+v", c.got.FirstBad)
					case c.want != unseen && (c.got.OK || c.got.FirstBad.Position != c.want):
						t.Errorf("got %+v %+v, want a fault at %d", c.got, c.got.FirstBad, c.want)
					}
				}
				tamper(t, s, `DELETE FROM audit`, `INSERT INTO audit SELECT * FROM kept`, `DELETE FROM audit_head`, `INSERT INTO audit_head SELECT * FROM kept_head`, `DROP TABLE kept`, `DROP TABLE kept_head`)
			})
		}
	})
}

// TestS55ARewriteOfTheWholeChainNeedsACheckpoint writes another record of the
// same length, whole and consistent in itself.
func TestS55ARewriteOfTheWholeChainNeedsACheckpoint(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		ctx := context.Background()
		end := auditChain(t, s, 10)
		middle := soc.AuditCheckpoint{Position: 6}
		rows, err := s.Read(ctx).auditRange(6, 1)
		if err != nil {
			t.Fatal(err)
		}
		middle.Hash = rows[0].hash
		tamper(t, s, `DELETE FROM audit WHERE position > 3`, `UPDATE audit_head SET position = 3, hash = (SELECT hash FROM audit WHERE position = 3)`)
		for range 7 {
			write(t, s, func(tx *Tx) error { tx.Audit(hostAudit("another")); return nil })
		}
		if v, err := s.VerifyAudit(ctx, 1); err != nil || !v.OK {
			t.Errorf("without a checkpoint: %+v (%v)", v, err)
		}
		v, err := s.VerifyAudit(ctx, 1, end, middle)
		if err != nil || v.OK || v.FirstBad.Position != 6 || v.FirstBad.Expected != middle.Hash {
			t.Errorf("with checkpoints: %+v %+v (%v)", v, v.FirstBad, err)
		}
		// A checkpoint before the walk is compared too.
		if v, err := s.VerifyAudit(ctx, 8, middle); err != nil || v.OK || v.FirstBad.Position != 6 {
			t.Errorf("from behind it: %+v (%v)", v, err)
		}
	})
}

// TestS55AnEntryIsUndoneWithItsChange: no entry without its change, and no
// change without its entry.
func TestS55AnEntryIsUndoneWithItsChange(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		results := inOneGroup(t, s,
			organization("kept"),
			func(tx *Tx) error { _ = organization("undone")(tx); return errStaleRow },
			func(tx *Tx) error {
				e := hostAudit("broken")
				e.Actor, e.RequestID = "\x00\xff\xff", "\xc3(" // no text to PostgreSQL
				tx.Audit(e)
				return tx.InsertOrganization(soc.Organization{ID: "odd", Name: "odd", CreatedAt: fixtureTime})
			},
			organization("also kept"))
		got := stored(t, s)
		if !got["kept"] || !got["also kept"] || !got["odd"] || got["undone"] || results[0] != nil || results[2] != nil || results[3] != nil {
			t.Errorf("stored %v, answers %v", got, results)
		}
		v, err := s.VerifyAudit(context.Background(), 1)
		if err != nil || !v.OK || v.Rows != int64(len(got)) {
			t.Errorf("%d entries for %d changes, %+v (%v)", v.Rows, len(got), v.FirstBad, err)
		}
	})
}

// BenchmarkVerifyAudit gives the time of one entry: 30 s for a million is 30 µs.
func BenchmarkVerifyAudit(b *testing.B) {
	s, err := Open(context.Background(), b.TempDir()+"/vedette.db", Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	auditChain(b, s, 10_000)
	b.ResetTimer()
	for range b.N {
		if v, err := s.VerifyAudit(context.Background(), 1); err != nil || !v.OK {
			b.Fatal(v, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/10_000, "µs/entry")
}
