package backend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"vedette/backend/data"
	"vedette/backend/soc"
)

// reportOf is the latest report of an incident, 0 for none.
func (o *office) reportOf(i soc.Incident) int {
	o.t.Helper()
	by := o.person("reader", soc.RoleViewer)
	p, err := o.desk.GetReport(context.Background(), by, soc.IncidentRef{ID: i.ShortID}, 0)
	if soc.KindOf(err) == soc.NotFound {
		return 0
	}
	must(o.t, err)
	return p.Version
}

// TestEveryClosingLeavesAReport: by an agent whose verdict the policy applies,
// and by the source of an incident that was open here. One that comes closed was
// never worked here, and has none.
func TestEveryClosingLeavesAReport(t *testing.T) {
	o := newOffice(t)
	o.ingestDemo()
	ctx := context.Background()
	for _, i := range o.allIncidents() {
		if i.Status == soc.StatusClosed && o.reportOf(i) != 0 {
			t.Fatalf("%s came closed and has a report", i.ShortID)
		}
	}
	closed := 0
	for _, file := range data.Demo() {
		if file.Format != "sentinel" {
			continue
		}
		items, err := o.desk.SplitIngest(file.Format, file.Bytes)
		must(t, err)
		for n := range items {
			items[n] = closedBySource(t, items[n])
		}
		before := o.allIncidents()
		_, err = o.desk.Ingest(ctx, o.ingestKey(o.home), soc.IngestRequest{Format: file.Format, Items: items, Update: true})
		must(t, err)
		after := map[string]soc.Incident{}
		for _, i := range o.allIncidents() {
			after[i.ID] = i
		}
		for _, i := range before {
			if i.Status == soc.StatusClosed || after[i.ID].Status != soc.StatusClosed {
				continue
			}
			closed++
			if v := o.reportOf(i); v != 1 {
				t.Errorf("%s, closed by its source, has report %d", i.ShortID, v)
			}
		}
	}
	if closed == 0 {
		t.Error("no source closed anything: the test proves nothing")
	}
}

// closedBySource is what a product says once somebody closed the incident there.
func closedBySource(t *testing.T, item []byte) []byte {
	t.Helper()
	var row map[string]any
	decoder := json.NewDecoder(bytes.NewReader(item))
	decoder.UseNumber()
	must(t, decoder.Decode(&row))
	if _, incident := row["IncidentNumber"]; !incident {
		return item
	}
	row["Status"], row["Classification"], row["LastModifiedTime"], row["ClosedTime"] = "Closed", "TruePositive", "2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z"
	out, err := json.Marshal(row)
	must(t, err)
	return out
}
