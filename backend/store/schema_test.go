package store

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
)

func wordsIn[T ~string](values []T, also ...string) []string {
	out := slices.Clone(also)
	for _, v := range values {
		out = append(out, string(v))
	}
	slices.Sort(out)
	return out
}

// closedSets are the columns that hold a closed set, with its one list in soc.
var closedSets = map[string][]string{
	"role_grant.role": wordsIn(soc.AllRoles), "credential.kind": wordsIn([]soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalAgent, soc.PrincipalService}), "credential.role": wordsIn(soc.AllRoles),
	"incident.severity": wordsIn(soc.AllSeverities), "incident.ingest_severity": wordsIn(soc.AllSeverities), "incident.highest_severity": wordsIn(soc.AllSeverities),
	"incident.status": wordsIn(soc.AllStatuses), "incident.verdict": wordsIn(soc.AllVerdicts, ""), "incident.proposed_verdict": wordsIn(soc.AllVerdicts, ""), "incident.verdict_by": wordsIn(soc.AllPrincipalKinds, ""),
	"alert.severity": wordsIn(soc.AllSeverities), "alert.sent_severity": wordsIn(soc.AllSeverities), "alert.status": wordsIn(soc.AllAlertStatuses), "entity.kind": wordsIn(soc.AllEntityKinds), "entity.provenance": wordsIn(soc.AllProvenances), "sighting.provenance": wordsIn(soc.AllProvenances), "evidence.provenance": wordsIn(soc.AllProvenances),
	"alert_observable.kind": wordsIn(soc.AllEntityKinds), "alert_observable.provenance": wordsIn(soc.AllProvenances), "alert_revision.sent_severity": wordsIn(soc.AllSeverities),
	"suppression.kind":        wordsIn(slices.DeleteFunc(slices.Clone(soc.AllEntityKinds), func(k soc.EntityKind) bool { return k == soc.KindOther })),
	"agent_settings.severity": wordsIn(soc.AllSeverities), "sla_target.severity": wordsIn(soc.AllSeverities), "gamebook.status": wordsIn(soc.AllGamebookStatuses), "gamebook.class": wordsIn(soc.AllClasses), "gamebook.impact": wordsIn(soc.AllImpacts), "gamebook.taint": wordsIn(soc.AllTaints),
	"step.status": wordsIn(soc.AllStepStatuses), "run.run_trigger": wordsIn(soc.AllTriggers), "run.state": wordsIn(soc.AllRunStates), "run.taint": wordsIn(soc.AllTaints), "taint.taint": wordsIn(soc.AllTaints),
	"run_work.stage": wordsIn(soc.AllStages), "run_stage.stage": wordsIn(soc.AllStages),
	"triage_playbook.state": wordsIn(soc.AllTriageVersionStates),
	"triage.state":          wordsIn(soc.AllRunStates), "verdict_event.verdict": wordsIn(soc.AllVerdicts),
	"breaker.population":       wordsIn([]soc.EntityKind{soc.KindAccount, soc.KindHost}),
	"memory_tally.level":       wordsIn([]soc.MemoryLevel{soc.LevelTitle, soc.LevelDetector, soc.LevelWorkspace}),
	"connector.state":          wordsIn(soc.AllConnectorStates),
	"webhook.status":           wordsIn(soc.AllWebhookStatuses),
	"webhook.authentication":   wordsIn(soc.AllWebhookAuthentications),
	"webhook.signature_format": wordsIn(soc.AllSignatureFormats),
	"webhook.payload_format":   wordsIn(soc.AllPayloadFormats),
	"event.type":               wordsIn(soc.AllEventTypes),
	"delivery.status":          wordsIn(soc.AllDeliveryStatuses),
	"revert.state":             wordsIn(soc.AllRevertStates),
	"policy_version.direction": wordsIn(soc.AllDirections),
	"policy_rule_log.outcome":  {"deny", "queue", "run"}, "policy_rule_log.would": {"deny", "queue", "run"},
	"policy_change.kind":       wordsIn(soc.AllPolicyParts),
	"ingest_upload.state":      wordsIn(soc.AllUploadStates),
	"ingest_failure.status":    {"conflict", "rejected"},
	"policy_change.state":      wordsIn(soc.AllChangeStates),
	"attempt.kind":             {"dispatch", "grant"},
	"kill_switch.scope":        wordsIn(soc.AllKillScopes),
	"investigation.state":      {"accepted", "held", "recorded", "rejected", "superseded"},
	"verdict_event.decided_by": {"person", "source"},
	"sop.kind":                 {"classification", "response"},
	"comment.kind":             wordsIn([]soc.CommentKind{soc.CommentNote, soc.CommentQuestion}, ""),
	"audit_export.format":      wordsIn(soc.AllExportFormats),
	"audit_export.state":       wordsIn(soc.AllTaskStates),
	"audit_verification.state": {"done", "running"},
	"backup.state":             {"done", "failed", "running"},
	"person_link.purpose":      wordsIn(soc.AllLinkPurposes),
}

var quotedPattern = regexp.MustCompile(`'((?:[^']|'')*)'`)

// checksOf reads the CHECK of every column that lists words, from the catalogue
// of the engine: "table.column" to the words.
func checksOf(t *testing.T, s *Store) map[string][]string {
	r := s.Read(context.Background())
	type check struct{ table, text string }
	found, err := all(r, func(x row) (check, error) {
		var c check
		err := x.Scan(&c.table, &c.text)
		return c, err
	}, r.pick(
		`SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%CHECK%'`,
		`SELECT c.relname::text, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.contype = 'c' AND n.nspname = current_schema()`))
	if err != nil {
		t.Fatal(err)
	}
	// SQLite keeps what was written; PostgreSQL writes IN as = ANY (ARRAY[...]).
	column := regexp.MustCompile(`CHECK \(+(\w+) (?:IN \(|= ANY \(\(?ARRAY\[)([^)\]]*)`)
	out := map[string][]string{}
	for _, c := range found {
		if strings.HasPrefix(c.table, "river_") {
			continue
		}
		for _, m := range column.FindAllStringSubmatch(c.text, -1) {
			var words []string
			for _, q := range quotedPattern.FindAllStringSubmatch(m[2], -1) {
				words = append(words, q[1])
			}
			slices.Sort(words)
			// A rule over two columns lists some of the words again.
			if name := c.table + "." + m[1]; len(words) > len(out[name]) {
				out[name] = words
			}
		}
	}
	return out
}

// TestClosedSetsAreCheckedByBothEngines: every CHECK that lists words lists the
// words of soc, no fewer and no more.
func TestClosedSetsAreCheckedByBothEngines(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		got := checksOf(t, s)
		for name := range got {
			if _, known := closedSets[name]; !known {
				t.Errorf("%s has a CHECK that this test does not know: %v", name, got[name])
			}
		}
		for name, want := range closedSets {
			slices.Sort(want)
			if diff := cmp.Diff(want, got[name]); diff != "" {
				t.Errorf("%s (-soc +CHECK):\n%s", name, diff)
			}
		}
	})
}

// TestEveryTableIsStrict: without STRICT, SQLite stores any type in any column.
func TestEveryTableIsStrict(t *testing.T) {
	s := openSQLite(t)
	loose, err := all(s.Read(context.Background()), scanString,
		`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'river_%' AND name NOT LIKE 'goose_%' ORDER BY 1`)
	if err != nil || len(loose) > 0 {
		t.Errorf("not STRICT: %v (%v)", loose, err)
	}
}

// TestBothEnginesHaveTheSameColumns compares tables and columns by name.
func TestBothEnginesHaveTheSameColumns(t *testing.T) {
	columns := map[string][]string{}
	engines(t, func(t *testing.T, s *Store) {
		r := s.Read(context.Background())
		found, err := all(r, scanString, r.pick(
			`SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`,
			`SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema()`))
		if err != nil {
			t.Fatal(err)
		}
		found = slices.DeleteFunc(found, func(name string) bool {
			for _, other := range []string{"river_", "goose_", "sqlite_", "incident_search", "incident_word", "alert_search", "alert_word"} {
				if strings.HasPrefix(name, other) {
					return true
				}
			}
			return false
		})
		slices.Sort(found)
		columns[s.Engine()] = found
	})
	if len(columns) == 2 {
		if diff := cmp.Diff(columns["sqlite"], columns["postgres"]); diff != "" {
			t.Errorf("(-sqlite +postgres):\n%s", diff)
		}
	}
}

// TestFinishedRowsHaveATime: the engines refuse a finished row without a time
// and an unfinished one with it.
func TestFinishedRowsHaveATime(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		fillEverything(t, s)
		for _, statement := range []string{
			`UPDATE gamebook SET status = 'Completed'`, `UPDATE gamebook SET finished_at = 1`,
			`UPDATE step SET status = 'Confirmed'`, `UPDATE step SET finished_at = 1`,
			`UPDATE delivery SET status = 'Pending'`, `UPDATE webhook SET status = 'Active'`,
			`UPDATE triage SET finished_at = 0 WHERE state = 'Done'`, `UPDATE triage SET state = 'Done' WHERE state = 'Investigating'`,
		} {
			if err := s.Write(context.Background(), func(tx *Tx) error { _, err := tx.update(statement); return err }); err == nil {
				t.Errorf("accepted: %s", statement)
			}
		}
	})
}
