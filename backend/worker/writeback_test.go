package worker

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"vedette/backend"
	"vedette/backend/connector"
	"vedette/backend/connector/egress"
	"vedette/backend/connector/splunk"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/store/storetest"
)

// reviews is as much of Splunk Enterprise Security as a verdict needs. The whole
// fake stands beside the connector.
type reviews struct {
	mu    sync.Mutex
	list  []map[string]string
	fails bool
}

func (f *reviews) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case r.Method == http.MethodGet:
		_ = json.NewEncoder(w).Encode(append([]map[string]string{}, f.list...))
	case f.fails:
		http.Error(w, "no", http.StatusForbidden)
	default:
		f.list = append([]map[string]string{{
			"rule_id": r.FormValue("ruleUIDs"), "status": r.FormValue("status"), "disposition": r.FormValue("disposition"), "comment": r.FormValue("comment"),
		}}, f.list...)
		_, _ = w.Write([]byte(`{"success":true,"success_count":1,"failure_count":0}`))
	}
}

func (f *reviews) all() []map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]map[string]string{}, f.list...)
}

// told is a bench whose workspace has a connector to Splunk in force, and an
// incident that came from there.
func told(t *testing.T) (*bench, *reviews, soc.Incident) {
	t.Helper()
	b := newBench(t, storetest.File(t), func(c *backend.Config) {
		c.Products.Source = func(kind string) string { return map[string]string{"splunk": soc.SourceSplunk}[kind] }
	})
	product := &reviews{}
	server := httptest.NewServer(product)
	t.Cleanup(server.Close)
	policy, err := egress.NewPolicy([]string{server.Listener.Addr().String()})
	b.must(err)
	way, err := splunk.Kind().Make(connector.Config{ID: "con-1", BaseURL: server.URL, Secrets: map[string]string{"token": "x"}, Client: policy.Client(egress.Options{})})
	b.must(err)
	b.config.Writer = func(workspace, source string) (connector.VerdictWriter, string, bool) {
		return way.(connector.VerdictWriter), "con-1", workspace == b.workspace && source == soc.SourceSplunk
	}
	i := b.incident
	i.ID, i.ShortID, i.ExternalID, i.Number, i.Seq, i.Source = uuid.NewString(), "INC-22222222", "notable@@1", 2, 0, soc.SourceSplunk
	b.write(func(tx *store.Tx) error {
		if i, err = tx.InsertIncident(i); err != nil {
			return err
		}
		return tx.InsertConnector(soc.Connector{
			ID: "con-1", Workspace: b.workspace, Name: "es", Kind: "splunk", BaseURL: server.URL, Rate: 1000, Burst: 1, State: soc.ConnectorEnabled,
			CreatedBy: "host:test", CreatedAt: b.now(), UpdatedAt: b.now(), Version: 1,
		})
	})
	return b, product, i
}

// decide closes an incident, or opens it again.
func (b *bench) decide(i soc.Incident, status soc.Status, verdict soc.Verdict) {
	b.t.Helper()
	change := soc.IncidentChange{Incident: soc.IncidentRef{Workspace: b.workspace, ID: i.ID}, Statuses: []soc.Status{status}}
	if status == soc.StatusClosed {
		change.Verdict = &soc.VerdictChange{Verdict: verdict, Reason: "Other"}
		change.Closing = &soc.ClosingText{Text: "Known scanner."}
	}
	_, err := b.desk.ChangeIncident(ctx, b.as("mgr"), change)
	b.must(err)
}

func TestS26VerdictIsWrittenBackOnce(t *testing.T) {
	b, product, i := told(t)
	b.must(b.Start(ctx))
	defer func() { b.must(b.Stop(ctx)) }()
	b.decide(i, soc.StatusClosed, soc.VerdictFalsePositive)
	b.eventually("the verdict is written", func() bool { return b.count("verdict_written") == 1 })
	written := product.all()
	if len(written) != 1 || written[0]["rule_id"] != "notable@@1" || written[0]["disposition"] != "disposition:4" || !strings.Contains(written[0]["comment"], "Known scanner.") {
		t.Fatalf("%+v", written)
	}
	_, marker, _ := strings.Cut(written[0]["comment"], "[Vedette ")
	again := soc.WriteBackJob{Workspace: b.workspace, Incident: i.ID, Decision: strings.TrimSuffix(marker, "]"), Verdict: soc.VerdictFalsePositive}
	if _, err := b.WriteBack(ctx, again, false); err != nil || len(product.all()) != 1 {
		t.Errorf("the same job again, as after a crash: %v, %d changes", err, len(product.all()))
	}
	b.decide(b.incident, soc.StatusClosed, soc.VerdictFalsePositive) // another source: nobody to tell
	b.decide(i, soc.StatusActive, "")
	b.decide(i, soc.StatusClosed, soc.VerdictTruePositive)
	b.eventually("the second verdict is written", func() bool { return b.count("verdict_written") == 3 })
	if written = product.all(); len(written) != 2 || written[0]["disposition"] != "disposition:1" {
		t.Errorf("%+v", written)
	}
}

func TestVerdictsThatAreNotWrittenBack(t *testing.T) {
	b, product, i := told(t)
	job := soc.WriteBackJob{Workspace: b.workspace, Incident: i.ID, Decision: "decision-1", Verdict: soc.VerdictFalsePositive}
	attempt := func(last bool) (bool, error) {
		again, err := b.WriteBack(ctx, job, last)
		return again > 0, err
	}
	if _, err := attempt(false); err != nil || len(product.all()) != 0 {
		t.Errorf("an open incident: %v, %d changes", err, len(product.all()))
	}
	b.decide(i, soc.StatusClosed, soc.VerdictTruePositive)
	if _, err := attempt(false); err != nil || len(product.all()) != 0 {
		t.Errorf("a verdict that does not stand: %v, %d changes", err, len(product.all()))
	}
	job.Verdict = soc.VerdictTruePositive
	product.fails = true
	if _, err := attempt(false); err == nil || b.count("verdict_write_failed") != 0 {
		t.Errorf("a refusal is not tried again: %v", err)
	}
	if _, err := attempt(true); err != nil || b.count("verdict_write_failed") != 1 {
		t.Errorf("the last attempt: %v, %d on record", err, b.count("verdict_write_failed"))
	}
	product.fails = false
	_, err := b.desk.EngageKillSwitch(ctx, b.as("op1"), soc.KillOrder{Scope: soc.KillGlobal, Reason: "stop", Via: "api"})
	b.must(err)
	if waits, err := attempt(false); err != nil || !waits || len(product.all()) != 0 {
		t.Errorf("under the kill switch: waits %v, %v, %d changes", waits, err, len(product.all()))
	}
	foreign := job
	foreign.Workspace = uuid.NewString()
	if _, err := b.WriteBack(ctx, foreign, false); err != nil || len(product.all()) != 0 {
		t.Errorf("another workspace's job: %v, %d changes", err, len(product.all()))
	}
}
