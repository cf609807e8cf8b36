package portalapi_test

import (
	"strings"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web/webtest"
)

// analyst is a service account that may write incidents.
func (p *portal) analyst() string {
	return p.Bearer(webtest.Key{Role: soc.RoleAnalyst, Basic: true, Scopes: []soc.Scope{
		soc.ScopeIncidentsRead, soc.ScopeIncidentsComments, soc.ScopeIncidentsWrite, soc.ScopeGamebooksRead, soc.ScopeDatasourcesRead, soc.ScopeAgentToolsRead,
	}})
}

func TestAnswersOfPostingAComment(t *testing.T) {
	p := open(t)
	i := p.byID(t, "authored-2")
	agent := p.Bearer(webtest.Key{Kind: soc.PrincipalAgent, Role: soc.RoleAnalyst, Scopes: []soc.Scope{soc.ScopeIncidentsComments}})
	post := func(name, by, target, body string, headers ...string) {
		t.Run(name, func(t *testing.T) {
			webtest.Golden(t, *update, "comment/"+name+".golden", p.Ask("POST", target, body, append(headers, by)...))
		})
	}
	target := p.incident(i, "/comments")
	post("service", p.analyst(), target, `{"content":" <b>Seen</b>\r\n\u0001[E1] ","extensionId":null}`)
	post("agent", agent, target, `{"content":"Seen."}`)
	post("connector", p.analyst(), target, `{"content":"Seen.","extensionId":"range"}`)
	post("unknown-connector", p.analyst(), target, `{"content":"Seen.","extensionId":"jira"}`)
	post("blank", p.analyst(), target, `{"content":" \n"}`)
	post("long", p.analyst(), target, `{"content":"`+strings.Repeat("ü", 32<<10+1)+`"}`)
	post("nothing", p.analyst(), target, `{}`)
	post("author", p.analyst(), target, `{"content":"x","authorName":"somebody"}`)
	post("stale", p.analyst(), target, `{"content":"x"}`, `If-Match: "99"`)
	post("fresh", p.analyst(), target, `{"content":"x"}`, `If-Match: "1"`)
	post("unknown-incident", p.analyst(), p.incident(soc.Incident{Source: "Sentinel", ExternalID: "none"}, "/comments"), `{"content":"x"}`)
}

func TestS27OneKeyPostsOneComment(t *testing.T) {
	p := open(t)
	i, by := p.byID(t, "authored-2"), p.analyst()
	send := func(body string) (int, string, string) {
		w := p.Ask("POST", p.incident(i, "/comments"), body, by, "Idempotency-Key: one")
		return w.Code, w.Body.String(), w.Header().Get("Idempotent-Replayed")
	}
	_, first, _ := send(`{"content":"Seen."}`)
	status, again, replayed := send(`{ "content" : "Seen." }`)
	if status != 201 || again != first || replayed != "true" {
		t.Errorf("%d %s, replayed %q", status, again, replayed)
	}
	if status, _, _ := send(`{"content":"Other."}`); status != 422 {
		t.Errorf("another body: %d", status)
	}
	comments, _, err := p.Desk.Comments(t.Context(), p.by(), soc.IncidentRef{ID: i.ID}, nil, 10)
	if err != nil || len(comments) != 1 {
		t.Errorf("%d comments: %v", len(comments), err)
	}
}
