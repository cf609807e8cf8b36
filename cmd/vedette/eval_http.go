package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"vedette/agent/eval"
	"vedette/backend/soc"
)

// httpInstance asks a server in a process of its own over its public
// interfaces, as an outside program does.
type httpInstance struct {
	*evalLab
	server  *child
	machine *client // a service key
	person  *client // an analyst's session
}

// evalAnalyst gives the verdicts over HTTP.
const evalAnalyst = "evaluation@example.org"

// newHTTPInstance makes the credentials, hands the database over to a server
// and signs in.
func newHTTPInstance(ctx context.Context, l *evalLab) (h *httpInstance, err error) {
	grants, all := map[string]soc.Role{}, []string{}
	for _, id := range l.workspaces {
		grants[id] = soc.RoleAnalyst
		all = append(all, id)
	}
	issued, err := l.local.desk.CreateKey(ctx, l.local.host, soc.NewCredential{
		Organization: l.organization, Kind: soc.PrincipalService, Name: "evaluation", Role: soc.RoleAnalyst, Workspaces: all,
		Scopes: []soc.Scope{soc.ScopeAlertsWrite, soc.ScopeTriageRun, soc.ScopeIncidentsRead, soc.ScopeOpsRead},
	})
	if err != nil {
		return nil, err
	}
	password := drawPassword()
	if _, err := l.local.desk.CreatePerson(ctx, l.local.host, soc.NewPerson{
		Organization: l.organization, Email: evalAnalyst, Name: "Evaluation", Password: password, Grants: grants,
	}); err != nil {
		return nil, err
	}
	l.local.close()
	h = &httpInstance{evalLab: l}
	if h.server, err = startChild(ctx, l.folder, l.where, "--rates", labRates); err != nil {
		return nil, err
	}
	h.machine, h.person = newClient(h.server.base, issued.Secret), newClient(h.server.base, "")
	if err := h.person.signIn(ctx, evalAnalyst, password); err != nil {
		return nil, errors.Join(err, h.end())
	}
	return h, nil
}

// end stops the server and removes its folder.
func (h *httpInstance) end() error { return errors.Join(h.server.stop(), h.evalLab.end()) }

// call makes one request in the workspace of an item and reads the answer.
func (h *httpInstance) call(ctx context.Context, c *client, item eval.Item, method, path string, body, into any, headers ...string) error {
	ctx, cancel := context.WithTimeout(ctx, evalWait)
	defer cancel()
	return paced(ctx, func() error {
		a, err := c.send(ctx, method, path, body, append(headers, "Vedette-Workspace", h.workspaces[item.Workspace], "Origin", c.base)...)
		if err != nil {
			return err
		}
		if !a.ok() {
			return a.problem(method + " " + path)
		}
		if into == nil {
			return nil
		}
		return json.Unmarshal(a.body, into)
	})
}

// Ingest sends the alert to the ingest route.
func (h *httpInstance) Ingest(ctx context.Context, item eval.Item) (string, error) {
	var receipt struct {
		Data struct {
			Items []struct {
				IncidentID string `json:"incidentId"`
				Status     string `json:"status"`
			} `json:"items"`
		} `json:"data"`
	}
	err := h.call(ctx, h.machine, item, http.MethodPost, "/api/ops/v1/ingest/generic?strict=true", rawJSON(item.Alert), &receipt)
	if err == nil && (len(receipt.Data.Items) != 1 || receipt.Data.Items[0].IncidentID == "") {
		err = fmt.Errorf("the alert came under no incident: %+v", receipt.Data.Items)
	}
	if err != nil {
		return "", err
	}
	return receipt.Data.Items[0].IncidentID, nil
}

// newest is the id by which the triage family knows the incident that came
// last; the ingest route tells its short id.
func (h *httpInstance) newest(ctx context.Context, item eval.Item, short string) (string, error) {
	var page struct {
		Data []struct {
			ID      string `json:"id"`
			ShortID string `json:"short_id"`
		} `json:"data"`
	}
	if err := h.call(ctx, h.machine, item, http.MethodGet, "/api/incidents?sort=-incident_number&per_page=1", nil, &page); err != nil {
		return "", err
	}
	if len(page.Data) != 1 || page.Data[0].ShortID != short {
		return "", fmt.Errorf("the newest incident is not %s: %+v", short, page.Data)
	}
	return page.Data[0].ID, nil
}

// Triage asks the triage family for a fresh triage and the ops family for the
// position it came to.
func (h *httpInstance) Triage(ctx context.Context, item eval.Item, incident string) (eval.Position, error) {
	force := map[string]any{"force": true}
	id, err := h.newest(ctx, item, incident)
	if err != nil {
		return eval.Position{}, err
	}
	if err := h.call(ctx, h.machine, item, http.MethodPost, "/api/incidents/"+id+"/triage", force, nil, "Prefer", "wait=25"); err != nil {
		return eval.Position{}, err
	}
	var position struct {
		Data struct {
			Held      bool            `json:"held"`
			Rationale json.RawMessage `json:"rationale"`
		} `json:"data"`
	}
	if err := h.call(ctx, h.machine, item, http.MethodGet, "/api/ops/v1/incidents/"+incident+"/position", nil, &position); err != nil {
		return eval.Position{}, err
	}
	return readPosition(position.Data.Rationale, position.Data.Held)
}

// Decide gives the verdict in the analyst's session.
func (h *httpInstance) Decide(ctx context.Context, item eval.Item, incident string) error {
	v := verdictOf(item)
	return h.call(ctx, h.person, item, http.MethodPost, "/api/ops/v1/incidents/"+incident+"/verdict",
		map[string]any{"classification": v.Verdict, "classificationReason": v.Reason, "comment": v.Comment}, nil)
}
