package tools

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/schemas"
)

// resource is a static resource, or a template when its URI has {names}. It is
// read through the tool that reads the same thing, so visibility, envelope,
// taint and record cannot differ (M30).
type resource struct {
	uri         string
	name        string
	title       string
	description string
	mime        string
	scope       soc.Scope
	// tool and arguments read it; static is content that is the same for all.
	tool      string
	arguments func(names map[string]string) any
	static    func() any
}

// contents is what reading a resource gave.
type contents struct {
	uri, mime, text string
}

const (
	mimeJSON     = "application/json"
	mimeMarkdown = "text/markdown"
)

func allResources() []resource {
	return []resource{
		{
			uri: "vedette://playbooks", name: "playbooks", title: "Playbook catalogue", description: "Response actions an agent may propose.",
			mime: mimeJSON, scope: soc.ScopeAgentToolsRead, tool: "list_playbooks",
			arguments: func(map[string]string) any { return schemas.ListPlaybooks{} },
		},
		{
			uri: "vedette://guide/verdicts", name: "verdicts", title: "Verdict guide", description: "Classifications and reasons per source.",
			mime: mimeJSON, scope: soc.ScopeIncidentsRead, static: func() any { return verdictGuide() },
		},
		{
			uri: "vedette://incidents/{incident_id}", name: "incident", title: "Incident", description: "One incident with its sections.",
			mime: mimeJSON, scope: soc.ScopeIncidentsRead, tool: "get_incident", arguments: func(n map[string]string) any {
				return schemas.GetIncident{IncidentID: n["incident_id"], Include: []string{"alerts", "entities", "comments", "gamebooks", "verdict"}}
			},
		},
		{
			uri: "vedette://incidents/{incident_id}/evidence/{evidence_id}", name: "evidence", title: "Evidence row",
			description: "One evidence row in full.", mime: mimeJSON, scope: soc.ScopeIncidentsRead, tool: "get_evidence",
			arguments: func(n map[string]string) any {
				return schemas.GetEvidence{IncidentID: n["incident_id"], EvidenceIDs: []string{n["evidence_id"]}}
			},
		},
		{
			uri: "vedette://gamebooks/{gamebook_id}", name: "gamebook", title: "Gamebook", description: "State of one gamebook.",
			mime: mimeJSON, scope: soc.ScopeIncidentsRead, tool: "get_status",
			arguments: func(n map[string]string) any { return schemas.GetStatus{IDs: []string{n["gamebook_id"]}} },
		},
		{
			uri: "vedette://sops/{sop_id}", name: "sop", title: "Procedure", description: "One standard operating procedure.",
			mime: mimeMarkdown, scope: soc.ScopeAgentToolsRead, tool: "get_sops",
			arguments: func(n map[string]string) any { return schemas.GetSOPs{SOPID: n["sop_id"]} },
		},
		{
			uri: "vedette://playbooks/{playbook_id}", name: "playbook", title: "Playbook", description: "One entry of the catalogue.",
			mime: mimeJSON, scope: soc.ScopeAgentToolsRead, tool: "list_playbooks",
			arguments: func(n map[string]string) any { return schemas.ListPlaybooks{PlaybookID: n["playbook_id"]} },
		},
	}
}

func (r resource) template() bool { return strings.Contains(r.uri, "{") }

// match reads the names out of a URI, byte for byte: nothing is decoded.
func (r resource) match(uri string) (map[string]string, bool) {
	pattern, given := strings.Split(r.uri, "/"), strings.Split(uri, "/")
	if len(pattern) != len(given) {
		return nil, false
	}
	names := map[string]string{}
	for i, part := range pattern {
		if name, open := strings.CutPrefix(part, "{"); open && given[i] != "" {
			names[strings.TrimSuffix(name, "}")] = given[i]
		} else if part != given[i] {
			return nil, false
		}
	}
	return names, true
}

// resource finds the resource of a URI; nil where there is none.
func (s *Server) resource(uri string) (*resource, map[string]string) {
	for i := range s.resources {
		if names, ok := s.resources[i].match(uri); ok {
			return &s.resources[i], names
		}
	}
	return nil, nil
}

// readResource resolves resources/read in the front, since the library would
// answer an unknown one with an internal error (W15).
func (x *exchange) readResource(ctx context.Context) *rpcError {
	r, names := x.server.resource(x.uri)
	if r == nil || !x.sees(r.scope) {
		return x.noResource()
	}
	if r.static != nil {
		raw, err := encode(r.static())
		if err != nil {
			return refused(http.StatusInternalServerError, rpcInternal, x.by.Call.RequestID, err)
		}
		x.read = &contents{x.uri, r.mime, string(raw)}
		return nil
	}
	if r.tool == "" { // served by the library alone
		return nil
	}
	arguments, err := encode(r.arguments(names))
	if err != nil {
		return refused(http.StatusInternalServerError, rpcInternal, x.by.Call.RequestID, err)
	}
	result := x.server.call(ctx, x.caller(), x.server.tool(r.tool), arguments)
	x.recorded = true
	x.code = result.Code
	switch {
	case !result.IsError:
		x.read = &contents{x.uri, r.mime, text(r.mime, result)}
		return nil
	case slices.Contains([]soc.Code{soc.CodeNotFound, soc.CodeValidationError, soc.CodeEntityNotInIncident}, result.Code):
		return x.noResource()
	}
	status := http.StatusOK
	if x.modern {
		status = http.StatusInternalServerError
	}
	return &rpcError{status: status, code: rpcInternal, text: result.Text, data: map[string]any{"code": result.Code, "uri": shown(x.uri)}, why: result.Code}
}

func (x *exchange) caller() caller {
	return caller{by: x.by, wire: x.wire, method: methodName(x.method), claimWait: x.claimWait}
}

func (x *exchange) noResource() *rpcError {
	e := &rpcError{status: http.StatusOK, code: rpcResourceNotFound, text: "Resource not found", data: map[string]any{"uri": shown(x.uri)}, why: soc.CodeNotFound}
	if x.modern {
		e.status, e.code = http.StatusBadRequest, rpcInvalidParams
	}
	return e
}

// text is a result as a resource of a type.
func text(mime string, result Result) string {
	if mime != mimeMarkdown {
		return result.Text
	}
	var procedure sopText
	if json.Unmarshal(result.Body, &procedure) != nil {
		return result.Text
	}
	if procedure.More != nil {
		return procedure.Text + "\n\n(It goes on: read the rest with the tool get_sops.)\n"
	}
	return procedure.Text
}
