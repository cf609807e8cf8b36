package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"vedette/backend"
	"vedette/backend/soc"
)

// familyList is one list of a REST family as a client asks for it. All of them
// find rows at every size; {workspace} is filled in.
type familyList struct{ family, name, path string }

var familyLists = []familyList{
	{"portal", "incidents by entity", "/api/v2/workspaces/{workspace}/incidents/wazuh/by-entity?EntityKind=Host&EntityFilter=ws0042&TimeFilteringType=FortyEightHours"},
	{"portal", "gamebooks of the workspace", "/api/v2/workspaces/{workspace}/gamebooks/history"},
	{"portal", "gamebooks across workspaces", "/api/v2/gamebooks/across-workspaces/history"},
	{"portal", "gamebooks across, by words", "/api/v2/gamebooks/across-workspaces/history?query=powershell"},
	{"portal", "data sources", "/api/v2/datasources/across-workspaces"},
	{"case", "alerts", "/api/v1/alerts?limit=50"},
	{"case", "alerts, high and escalated", "/api/v1/alerts?status=escalated&severity=high&limit=50"},
	{"case", "alerts of a source", "/api/v1/alerts?source=wazuh&limit=50"},
	{"case", "alerts by words", "/api/v1/alerts?q=powershell&limit=50"},
	{"case", "cases", "/api/v1/cases?limit=50"},
	{"case", "cases, high", "/api/v1/cases?severity=high&limit=50"},
	{"case", "have we seen this before", "/api/v1/observables/search?type=hostname&value=ws0042"},
	{"triage", "incidents", "/api/incidents?per_page=50"},
	{"triage", "incidents, newest first, high", "/api/incidents?per_page=50&sort=-created_at&severity=high"},
	{"triage", "actions", "/api/actions?per_page=50"},
	{"ops", "approvals", "/api/ops/v1/approvals"},
	{"ops", "gamebooks", "/api/ops/v1/gamebooks"},
	{"ops", "audit", "/api/ops/v1/audit"},
	{"ops", "audit of an event", "/api/ops/v1/audit?event=bench"},
}

// familyScopes open every list.
var familyScopes = map[string][]soc.Scope{
	"portal": {soc.ScopeIncidentsRead, soc.ScopeGamebooksRead, soc.ScopeDatasourcesRead},
	"case":   {soc.ScopeAlertsRead, soc.ScopeCasesRead, soc.ScopeObservablesRead},
	"triage": {soc.ScopeIncidentsRead},
	"ops":    {soc.ScopeOpsRead, soc.ScopeAuditRead},
}

// familyDoor is a server on a filled database and a client of each family.
type familyDoor struct {
	server  *child
	clients map[string]*client
	headers map[string][]string
}

// measureFamilies times the lists of every family over HTTP at each size.
func (b *bench) measureFamilies(ctx context.Context) (err error) {
	var doors []*familyDoor
	defer func() {
		for _, d := range doors {
			err = errors.Join(err, d.stop())
		}
	}()
	for _, size := range b.command.Sizes {
		d, err := b.openFamilies(ctx, size)
		if err != nil {
			return err
		}
		doors = append(doors, d)
	}
	for _, l := range familyLists {
		var reads []read
		for _, d := range doors {
			reads = append(reads, d.read(l))
		}
		times, err := timed(ctx, reads)
		if err != nil {
			return err
		}
		last := len(times) - 1
		f := figure{Name: fmt.Sprintf("%s: %s, at %d", l.family, l.name, b.command.Sizes[last]), Unit: "s", Value: times[last]}
		if last > 0 {
			f = f.besides(fmt.Sprintf("at %d", b.command.Sizes[0]), times[0]).atMost(growthTarget)
		}
		b.add("families", f)
	}
	return nil
}

// openFamilies starts a server on the database of a size.
func (b *bench) openFamilies(ctx context.Context, size int) (*familyDoor, error) {
	seeded, err := b.database(ctx, size)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(b.folder, "families-")
	if err != nil {
		return nil, err
	}
	d := &familyDoor{clients: map[string]*client{}, headers: map[string][]string{}}
	d.server, err = startChild(ctx, folder, seeded.where, "--secret-key-file", b.keyFile(), "--rates", "read=1000000")
	if err != nil {
		return nil, err
	}
	desk, host := backend.New(backend.Config{Store: seeded.store}), soc.Actor{Kind: soc.PrincipalHost, ID: "host:bench"}
	for family, scopes := range familyScopes {
		issued, err := desk.CreateKey(ctx, host, soc.NewCredential{
			Organization: "bench", Kind: soc.PrincipalService, Name: fmt.Sprintf("%s %s", family, filepath.Base(folder)), Role: soc.RoleAdmin, Scopes: scopes,
			Workspaces: []string{benchWorkspace}, ServiceAccount: family == "portal",
		})
		if err != nil {
			return nil, errors.Join(err, d.stop())
		}
		if d.clients[family] = newClient(d.server.base, issued.Secret); family == "portal" {
			d.clients[family].key = ""
			d.headers[family] = []string{"Authorization", basic(issued.Credential.ClientID, issued.Secret)}
		}
	}
	return d, nil
}

// read asks for a list once and fails when it is refused or empty.
func (d *familyDoor) read(l familyList) read {
	return func(ctx context.Context) (int, error) {
		answer, err := d.clients[l.family].send(ctx, http.MethodGet, strings.ReplaceAll(l.path, "{workspace}", benchWorkspace), nil, d.headers[l.family]...)
		if err == nil && !answer.ok() {
			err = answer.problem(l.path)
		}
		if err == nil && bytes.Contains(answer.body, []byte(`"data":[]`)) {
			err = fmt.Errorf("%s: an empty list: %.200s", l.path, answer.body)
		}
		return 0, err
	}
}

func (d *familyDoor) stop() error {
	for _, c := range d.clients {
		c.close()
	}
	return d.server.stop()
}
