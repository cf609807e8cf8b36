package opsapi_test

import (
	"bytes"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vedette/backend"
	"vedette/backend/connector/generic"
	"vedette/backend/connector/sentinel"
	"vedette/backend/data"
	"vedette/backend/opsapi"
	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	ingestGeneric = "/api/ops/v1/ingest/generic"
	lines         = "Content-Type: application/x-ndjson"
	oneAlert      = `{"external_id":"a-1","source":"odd","title":"x","severity":"low"}`
)

// intake is the family with the mappers behind it.
type intake struct {
	*webtest.House
	key string
}

func openIntake(t *testing.T) *intake {
	t.Helper()
	h := &intake{House: webtest.Open(t, func(c *backend.Config) {
		products(t, "127.0.0.1:1")(c)
		c.Loop, c.Chain = &soc.Loop{Concurrent: 1}, soc.NewStageChain(soc.SecretKey{ID: 1})
		c.Mappers = map[string]backend.Mapper{
			"sentinel": {Split: sentinel.Split, Map: sentinel.Map}, "generic": {Split: generic.Split, Map: generic.Map},
		}
	})}
	opsapi.Register(h.Registry, webtest.PublicURL, h.Desk, h.Seal)
	h.Start()
	h.key = h.Bearer(webtest.Key{Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeAlertsWrite}})
	return h
}

func (h *intake) incidents(t *testing.T) []soc.Incident {
	t.Helper()
	return h.incidentsOf(t, h.First)
}

func (h *intake) incidentsOf(t *testing.T, workspace string) []soc.Incident {
	t.Helper()
	by := h.Host
	by.Workspace = workspace
	page, err := h.Desk.ListIncidents(t.Context(), by, soc.IncidentFilter{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	return page.Incidents
}

func TestAnswersOfIngest(t *testing.T) {
	h := openIntake(t)
	changed := strings.Replace(oneAlert, `"x"`, `"y"`, 1)
	for _, c := range []struct{ name, target, body, header string }{
		{"created", ingestGeneric, oneAlert, ""},
		{"mixed", ingestGeneric, `[` + oneAlert + `,{"external_id":"a-2","source":"odd","title":"new","severity":"high","unknown_member":{"kept":true}},` + changed +
			`,{"source":"odd","title":"x","severity":"lowest"},{"kind":"incident","external_id":"i-1","source":"odd","title":"i","severity":"high","alert_ids":["a-2","sa-77"]},3]`, ""},
		{"lines", ingestGeneric, changed + "\n\n" + oneAlert + "\nnot json\n", lines},
		{"update", ingestGeneric + "?update=true", changed, ""},
		{"strict", ingestGeneric + "?strict=true", `[{"external_id":"a-3","source":"odd","title":"new","severity":"high"},{"external_id":"a-4"}]`, ""},
		{"strict-conflict", ingestGeneric + "?strict=true", oneAlert, ""},
		{"unknown-format", "/api/ops/v1/ingest/syslog", oneAlert, ""},
		{"broken-array", ingestGeneric, `[` + oneAlert + `,{"external_id":`, ""},
		{"empty", ingestGeneric, `[]`, ""},
		{"lines-as-json", ingestGeneric, oneAlert + "\n" + oneAlert, ""},
		{"array-as-lines", ingestGeneric, `[` + oneAlert + `]`, lines},
		{"media", ingestGeneric, oneAlert, "Content-Type: text/plain"},
		{"unknown-query", ingestGeneric + "?dry_run=true", oneAlert, ""},
		{"large-item", ingestGeneric, `{"external_id":"` + strings.Repeat("x", 1<<20) + `"}`, ""},
		{"many-items", ingestGeneric, `[` + strings.TrimSuffix(strings.Repeat(oneAlert+",", 1001), ",") + `]`, ""},
		{"large-body", ingestGeneric, strings.Repeat(" ", 16<<20) + oneAlert, ""},
	} {
		headers := []string{h.key}
		if c.header != "" {
			headers = append(headers, c.header)
		}
		w := h.Ask("POST", c.target, c.body, headers...)
		t.Run(c.name, func(t *testing.T) { webtest.Golden(t, *update, "ingest/"+c.name+".golden", w) })
	}
	if n := len(h.incidents(t)); n != 2 { // a-1 alone, and a-2 under i-1
		t.Errorf("%d incidents", n)
	}
}

func TestAKeyTiedToASourceSendsOnlyThat(t *testing.T) {
	h := openIntake(t)
	tied := h.Bearer(webtest.Key{Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeAlertsWrite}, Source: "wazuh"})
	w := h.Ask("POST", ingestGeneric, `[`+oneAlert+`,`+strings.Replace(oneAlert, "odd", "wazuh", 1)+`]`, tied)
	got := webtest.Decode[struct {
		Data struct{ Created, Rejected int }
	}](t, w, 200)
	if got.Data.Created != 1 || got.Data.Rejected != 1 || !strings.Contains(w.Body.String(), `"source":["must be wazuh`) {
		t.Errorf("%s", w.Body)
	}
}

func TestS27IngestTwiceWithOneKeyIsOneAnswer(t *testing.T) {
	h := openIntake(t)
	first := h.Ask("POST", ingestGeneric, oneAlert, h.key, "Idempotency-Key: one")
	again := h.Ask("POST", ingestGeneric, oneAlert, h.key, "Idempotency-Key: one")
	if first.Code != 200 || again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s\n%s", first.Body, again.Body)
	}
	if w := h.Ask("POST", ingestGeneric+"?update=true", oneAlert, h.key, "Idempotency-Key: one"); w.Code != 422 {
		t.Errorf("another query with the same key: %d", w.Code)
	}
}

// Cut off at any place and sent again, the demonstration data ends with the
// same rows.
func TestIngestCutOffAndRepeatedEndsWithTheSameRows(t *testing.T) {
	whole := openIntake(t)
	cut := openIntake(t)
	send := func(h *intake, format string, body []byte) {
		t.Helper()
		if w := h.Ask("POST", "/api/ops/v1/ingest/"+format, string(body), h.key, lines); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	for _, file := range data.Demo()[:2] {
		send(whole, file.Format, file.Bytes)
		for _, part := range []int{3, 2} {
			rows := bytes.SplitAfter(file.Bytes, []byte("\n"))
			send(cut, file.Format, bytes.Join(rows[:len(rows)/part], nil))
		}
		send(cut, file.Format, file.Bytes)
	}
	if diff := cmp.Diff(whole.summary(t), cut.summary(t)); diff != "" {
		t.Error(diff)
	}
}

// summary is what the rows say, without the ids that are drawn.
func (h *intake) summary(t *testing.T) []string {
	t.Helper()
	return h.summaryOf(t, h.First)
}

func (h *intake) summaryOf(t *testing.T, workspace string) []string {
	t.Helper()
	by := h.Host
	by.Workspace = workspace
	var out []string
	for _, i := range h.incidentsOf(t, workspace) {
		out = append(out, fmt.Sprint(i.ExternalID, i.Number, i.Severity, i.Status, i.Verdict, i.AlertCount, i.EntityCount, i.EvidenceCount, i.DanglingAlerts))
		detail, err := h.Desk.GetIncident(t.Context(), by, soc.IncidentRef{ID: i.ID}, soc.IncidentParts{Entities: true, Alerts: true, Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for _, e := range detail.Entities {
			rows = append(rows, fmt.Sprintln(e.Kind, e.Value, e.Provenance, e.VendorVerdict, e.FirstSeen, e.LastSeen, slices.Sorted(slices.Values(e.Names))))
		}
		for _, a := range detail.Alerts {
			rows = append(rows, fmt.Sprintln(a.ExternalID, a.Title, a.Severity, a.PayloadHash))
		}
		slices.Sort(rows)
		out = append(out, rows...)
	}
	return out
}
