package backend_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// listener adds a webhook that is told of everything its format has.
func (o *office) listener(change func(*soc.Webhook)) soc.Webhook {
	o.t.Helper()
	w := soc.Webhook{
		ID: uuid.NewString(), Organization: o.org, Name: "listener", URL: "https://hooks.example.com/", Status: soc.WebhookActive,
		Authentication: soc.AuthenticationNone, SignatureFormat: soc.SignatureBase64ISO, PayloadFormat: soc.PayloadPortal,
		CreatedAt: o.clock.Now(), UpdatedAt: o.clock.Now(), Version: 1,
	}
	if change != nil {
		change(&w)
	}
	if w.EventTypes == nil {
		w.EventTypes = w.PayloadFormat.Events()
	}
	must(o.t, o.store.Write(context.Background(), func(tx *store.Tx) error { return tx.InsertWebhook(w) }))
	return w
}

// told are the deliveries of a webhook, oldest first.
func (o *office) told(w soc.Webhook) []soc.DeliveryRecord {
	o.t.Helper()
	found, _, err := o.store.Read(context.Background()).Deliveries(soc.DeliveryFilter{Webhook: w.ID, Limit: 1000})
	must(o.t, err)
	slices.Reverse(found)
	return found
}

func types(records []soc.DeliveryRecord) []soc.EventType {
	out := []soc.EventType{}
	for _, r := range records {
		out = append(out, r.Event.Type)
	}
	return out
}

// ingest stores generic payloads and returns their fates.
func (o *office) ingest(workspace string, items ...string) []soc.IngestItem {
	o.t.Helper()
	raw := make([][]byte, len(items))
	for n, item := range items {
		raw[n] = []byte(item)
	}
	receipt, err := o.desk.Ingest(context.Background(), o.ingestKey(workspace), soc.IngestRequest{Format: "generic", Items: raw})
	must(o.t, err)
	if receipt.Rejected > 0 {
		o.t.Fatalf("%+v", receipt)
	}
	return receipt.Items
}

// jobs counts the jobs of a kind.
func (o *office) jobs(kind string) (n int) {
	o.t.Helper()
	lite, pg := o.store.Pools()
	if lite != nil {
		must(o.t, lite.QueryRow(`SELECT COUNT(*) FROM river_job WHERE kind = $1`, kind).Scan(&n))
		return n
	}
	must(o.t, pg.QueryRow(context.Background(), `SELECT COUNT(*) FROM river_job WHERE kind = $1`, kind).Scan(&n))
	return n
}

const oneDetection = `{"external_id":"a-1","source":"odd","title":"Beacon","severity":"high","product":"Sensor","vendor":"Example","entities":[{"kind":"host","value":"ws-1.corp.local"}]}`

func TestANewIncidentIsToldOnceToThoseWhoListen(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		all := o.listener(nil)
		cases := o.listener(func(w *soc.Webhook) { w.PayloadFormat = soc.PayloadCase })
		deaf := o.listener(func(w *soc.Webhook) { w.EventTypes = []soc.EventType{soc.EventGamebookFinished} })
		elsewhere := o.listener(func(w *soc.Webhook) { w.Workspaces = []string{o.away} })
		paused := o.listener(func(w *soc.Webhook) { w.Status = soc.WebhookPaused })
		disabled := o.listener(func(w *soc.Webhook) { w.Status, w.DisabledAt = soc.WebhookAutoDisabled, o.clock.Now() })
		foreign := o.foreignListener()

		o.ingest(o.home, oneDetection)
		o.ingest(o.home, oneDetection) // known: nobody is told again
		o.ingest(o.home, strings.Replace(oneDetection, "Beacon", "Changed", 1))

		for name, c := range map[string]struct {
			w      soc.Webhook
			want   soc.EventType
			status soc.DeliveryStatus
		}{
			"all": {all, soc.EventIncidentCreated, soc.DeliveryPending}, "cases": {cases, soc.EventCaseCreated, soc.DeliveryPending},
			"paused": {paused, soc.EventIncidentCreated, soc.DeliveryPending}, "disabled": {disabled, soc.EventIncidentCreated, soc.DeliverySkipped},
		} {
			got := o.told(c.w)
			if len(got) != 1 || got[0].Event.Type != c.want || got[0].Delivery.Status != c.status || got[0].Event.WorkspaceName != "Workspace" {
				t.Errorf("%s was told %v", name, got)
			}
		}
		for name, w := range map[string]soc.Webhook{"deaf": deaf, "elsewhere": elsewhere, "foreign": foreign} {
			if got := o.told(w); len(got) != 0 {
				t.Errorf("%s was told %v", name, types(got))
			}
		}
		if n := o.jobs(soc.DeliveryJob{}.Kind()); n != 1 {
			t.Errorf("%d jobs", n)
		}
		facts := o.told(all)[0].Event.Facts
		if len(facts.Alerts) != 1 || facts.Alerts[0].Vendor != "Example" || len(facts.Entities) != 1 || facts.Incident.Number != 1 {
			t.Errorf("%+v", facts)
		}
		if o.told(all)[0].Event.ID == o.told(cases)[0].Event.ID || o.told(all)[0].Event.ID != o.told(paused)[0].Event.ID {
			t.Error("an event has one id, another event another")
		}
		if id := uuid.MustParse(o.told(all)[0].Event.ID); id.Version() != 5 {
			t.Errorf("event id of version %d", id.Version())
		}
	})
}

// foreignListener is a webhook of another organization.
func (o *office) foreignListener() soc.Webhook {
	o.t.Helper()
	other, err := o.desk.CreateOrganization(context.Background(), host(), "Other")
	must(o.t, err)
	return o.listener(func(w *soc.Webhook) { w.Organization = other.ID })
}

func TestNobodyListeningCostsNoRow(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	if n := o.jobs(soc.DeliveryJob{}.Kind()); n != 0 {
		t.Errorf("%d jobs", n)
	}
}

// TestS42EventsCarryNoWordsOfAgentsOrEvidence plants a mark in all that must
// stay here and looks for it in the whole outbox.
func TestS42EventsCarryNoWordsOfAgentsOrEvidence(t *testing.T) {
	o := newOffice(t)
	all, cases := o.listener(nil), o.listener(func(w *soc.Webhook) { w.PayloadFormat = soc.PayloadCase })
	const canary = "CANARY-7731"
	o.ingest(o.home, `{"external_id":"a-9","source":"odd","title":"Beacon","severity":"high","evidence":[{"type":"process","fields":{"command_line":"`+canary+`"}}]}`)
	i := o.allIncidents()[0]
	settle := func(classification, comment string) soc.InvestigationReceipt {
		by := o.agent("ag")
		r, err := o.desk.SubmitInvestigation(context.Background(), by, soc.SubmitInvestigation{
			Incident: soc.IncidentRef{ID: i.ID}, Classification: classification, Comment: comment, ReasonComment: canary,
		})
		must(t, err)
		return r
	}
	settle("TruePositive", canary)
	settle("FalsePositive", canary+" again")
	want := []soc.EventType{soc.EventIncidentCreated, soc.EventIncidentStatusChanged, soc.EventIncidentVerdictHeld}
	if diff := cmp.Diff(want, types(o.told(all))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]soc.EventType{soc.EventCaseCreated, soc.EventCaseTransitioned, soc.EventCaseVerdictHeld}, types(o.told(cases))); diff != "" {
		t.Error(diff)
	}
	for _, r := range append(o.told(all), o.told(cases)...) {
		facts, err := json.Marshal(r.Event.Facts)
		must(t, err)
		if strings.Contains(string(facts), canary) {
			t.Errorf("%s carries what must stay here: %s", r.Event.Type, facts)
		}
	}
	held := o.told(all)[2].Event.Facts
	if held.Proposed != soc.VerdictFalsePositive || !held.Held || len(held.HoldReasons) == 0 || held.By != "ag" {
		t.Errorf("%+v", held)
	}
}

func TestAnInvestigationIsToldOnceToTheWebhookOfItsVerdict(t *testing.T) {
	o := newOffice(t)
	mine, other := o.listener(nil), o.listener(nil)
	cases := o.listener(func(w *soc.Webhook) { w.PayloadFormat = soc.PayloadCase })
	o.ingest(o.home, oneDetection)
	change := soc.SettingsChange{Workspace: o.home, Severity: soc.SeverityHigh, Webhooks: map[soc.Verdict]string{soc.VerdictTruePositive: mine.ID}}
	_, err := o.desk.ChangeSettings(context.Background(), host(), change)
	must(t, err)
	for name, id := range map[string]string{"of no webhook": uuid.NewString(), "of another organization": o.foreignListener().ID, "of the case family": cases.ID} {
		bad := change
		bad.Webhooks = map[soc.Verdict]string{soc.VerdictTruePositive: id}
		if _, err := o.desk.ChangeSettings(context.Background(), host(), bad); soc.KindOf(err) != soc.Invalid {
			t.Errorf("settings took the id %s: %v", name, err)
		}
	}
	submit := func() {
		_, err := o.desk.SubmitInvestigation(context.Background(), o.agent("ag"), soc.SubmitInvestigation{
			Incident: soc.IncidentRef{ID: o.allIncidents()[0].ID}, Classification: "PolicyViolation", Comment: "x", Score: new(int),
		})
		must(t, err)
	}
	submit()
	submit() // the same words: the first answer, and nobody is told again
	count := func(w soc.Webhook) (n int) {
		for _, kind := range types(o.told(w)) {
			if kind == soc.EventInvestigationCompleted {
				n++
			}
		}
		return n
	}
	if count(mine) != 1 || count(other) != 0 || count(cases) != 0 {
		t.Errorf("told %d, %d and %d times", count(mine), count(other), count(cases))
	}
}
