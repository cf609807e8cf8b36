package opsapi

import (
	"context"
	"net/http"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type oneConnector struct {
	ID string `path:"id" jsonschema:"maxLength=36"`
}

// connectorBody is a connector as people state it.
type connectorBody struct {
	Kind        string            `json:"kind" jsonschema:"minLength=1,maxLength=64"`
	Name        string            `json:"name" jsonschema:"minLength=1,maxLength=64"`
	BaseURL     string            `json:"baseUrl,omitempty" jsonschema:"maxLength=2048" jsonschema_description:"Default the vendor's public service."`
	Settings    map[string]string `json:"settings,omitempty" jsonschema_description:"What the kind wants to be told and is no secret."`
	Playbooks   *[]string         `json:"playbooks,omitempty" jsonschema:"maxItems=100" jsonschema_description:"What is left in use of what the kind can do; absent leaves everything."`
	Rate        *rateBody         `json:"rate,omitempty" jsonschema_description:"Default the kind's."`
	Declaration string            `json:"declaration,omitempty" jsonschema:"maxLength=262144" jsonschema_description:"YAML of a kind that is declared."`
	Reason      string            `json:"reason,omitempty" jsonschema:"maxLength=1000"`
}

type rateBody struct {
	PerSecond float64 `json:"perSecond" jsonschema:"minimum=0.01,maximum=1000"`
	Burst     int     `json:"burst" jsonschema:"minimum=1,maximum=1000"`
}

// draft is the body in the words of the desk.
func (b connectorBody) draft() soc.ConnectorDraft {
	in := soc.ConnectorDraft{Kind: b.Kind, Name: b.Name, BaseURL: b.BaseURL, Settings: b.Settings, Declaration: b.Declaration, Reason: b.Reason}
	if b.Playbooks != nil {
		in.Playbooks = append([]string{}, *b.Playbooks...)
	}
	if b.Rate != nil {
		in.Rate, in.Burst = int64(b.Rate.PerSecond*1000), b.Rate.Burst
	}
	return in
}

type connectorInput struct {
	Body connectorBody `body:"json"`
}

type connectorUpdate struct {
	ID      string        `path:"id" jsonschema:"maxLength=36"`
	IfMatch web.IfMatch   `header:"If-Match"`
	Body    connectorBody `body:"json"`
}

type connectorSecrets struct {
	ID   string `path:"id" jsonschema:"maxLength=36"`
	Body struct {
		Secrets map[string]*string `json:"secrets" jsonschema_description:"By the names of the kind; null removes."`
	} `body:"json"`
}

type connectorEnable struct {
	ID      string      `path:"id" jsonschema:"maxLength=36"`
	IfMatch web.IfMatch `header:"If-Match"`
	Body    struct {
		Reason string `json:"reason" jsonschema:"minLength=1,maxLength=1000"`
	} `body:"json"`
}

type bareConnector struct {
	ID   string   `path:"id" jsonschema:"maxLength=36"`
	Body struct{} `body:"json"`
}

type connectorView struct {
	ID             string            `json:"id"`
	Name           string            `json:"name"`
	Kind           string            `json:"kind"`
	State          string            `json:"state" jsonschema:"enum=proposed,enum=enabled,enum=disabled"`
	ProposedBy     *string           `json:"proposedBy" jsonschema_description:"Who asked to put it in force; another person has to."`
	BaseURL        string            `json:"baseUrl"`
	Settings       map[string]string `json:"settings"`
	Workspaces     []string          `json:"workspaces"`
	Playbooks      []string          `json:"playbooks" jsonschema_description:"What it carries out."`
	Rate           rateBody          `json:"rate"`
	Declaration    *string           `json:"declaration"`
	Secrets        []secretView      `json:"secrets"`
	SecretsMissing []string          `json:"secretsMissing"`
	Health         *connectorHealth  `json:"health" jsonschema_description:"How the calls of this server fare; null where it makes none."`
	Reason         string            `json:"reason"`
	CreatedAt      schemas.Time      `json:"createdAt"`
	UpdatedAt      schemas.Time      `json:"updatedAt"`
}

type secretView struct {
	Name  string       `json:"name"`
	SetAt schemas.Time `json:"setAt"`
}

type connectorHealth struct {
	Circuit   string        `json:"circuit"`
	Since     *schemas.Time `json:"since"`
	LastOK    *schemas.Time `json:"lastOk"`
	HeldUntil *schemas.Time `json:"heldUntil" jsonschema_description:"The product asked for a pause until then."`
}

type connectorCheck struct {
	OK          bool              `json:"ok"`
	CheckedAt   schemas.Time      `json:"checkedAt"`
	LatencyMS   int64             `json:"latencyMs"`
	Steps       []checkStep       `json:"steps"`
	Permissions []checkPermission `json:"permissions"`
}

type checkStep struct {
	Name    string  `json:"name"`
	OK      bool    `json:"ok"`
	Problem *string `json:"problem"`
}

type checkPermission struct {
	Name      string   `json:"name"`
	Granted   bool     `json:"granted"`
	NeededFor []string `json:"neededFor"`
}

// registerConnectors adds the connectors of section 11 of the contract. What
// loosens leaves a connector that waits for a second person.
func (a *api) registerConnectors() {
	kinds := []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService}
	read := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: kinds}
	add(a, with(read, http.MethodGet, "/connectors", "list_connectors", "Ways out to products, their health and which secrets are set."), a.listConnectors)
	add(a, with(read, http.MethodGet, "/connectors/{id}", "get_connector", "One way out to a product."), a.getConnector)
	codes := []soc.Code{soc.CodeHumanSessionRequired, soc.CodeConflict, soc.CodeInvalidState}
	draft := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsDraft, MinRole: soc.RoleAdmin, Rate: "write", Write: true, Kinds: kinds, Errors: codes}
	create := draft
	create.Status = http.StatusAccepted
	add(a, with(create, http.MethodPost, "/connectors", "create_connector", "Configure a way out; a second person puts it in force."), a.createConnector)
	draft.Also = []int{http.StatusAccepted}
	add(a, with(draft, http.MethodPut, "/connectors/{id}", "update_connector", "Change a way out; what loosens waits for a second person."), a.updateConnector)
	add(a, with(draft, http.MethodPost, "/connectors/{id}/enable", "enable_connector", "Put a way out in force, as the first or the second of two; the second names the version that was read."), a.enableConnector)
	tighten := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsTighten, MinRole: soc.RoleManager, Rate: "write", Write: true, Kinds: kinds, Errors: codes}
	add(a, with(tighten, http.MethodPost, "/connectors/{id}/disable", "disable_connector", "Take a way out out of force at once."), a.disableConnector)
	tighten.MinRole, tighten.Status = soc.RoleAdmin, http.StatusNoContent
	add(a, with(tighten, http.MethodDelete, "/connectors/{id}", "delete_connector", "End a way out and erase its secrets."), a.deleteConnector)
	secrets := web.Operation{Who: web.Person, MinRole: soc.RoleAdmin, Fresh: true, Rate: "write", Write: true, Status: http.StatusNoContent, Errors: []soc.Code{soc.CodeHumanSessionRequired, soc.CodeServiceUnavailable}}
	add(a, with(secrets, http.MethodPut, "/connectors/{id}/secrets", "set_connector_secrets", "Seal secrets; no route reads them."), a.setConnectorSecrets)
	check := web.Operation{Who: web.Scoped, Scope: soc.ScopeOpsRead, MinRole: soc.RoleManager, Rate: "write", Write: true, Kinds: kinds, Errors: []soc.Code{soc.CodeServiceUnavailable}}
	add(a, with(check, http.MethodPost, "/connectors/{id}/check", "check_connector", "Ask the product what works and which permission is missing, by reading only."), a.checkConnector)
}

func (a *api) listConnectors(ctx context.Context, by soc.Actor, _ none) (web.Reply[[]connectorView], error) {
	all, err := a.desk.ListConnectors(ctx, by)
	views := make([]connectorView, len(all))
	for i, c := range all {
		views[i] = drawConnector(c)
	}
	return web.OK(views), err
}

func (a *api) getConnector(ctx context.Context, by soc.Actor, in oneConnector) (web.Reply[connectorView], error) {
	return connectorReply(connectorOK)(a.desk.GetConnector(ctx, by, in.ID))
}

func (a *api) createConnector(ctx context.Context, by soc.Actor, in connectorInput) (web.Reply[connectorView], error) {
	return connectorReply(connectorWaits)(a.desk.CreateConnector(ctx, web.Answering(by, connectorWaits), in.Body.draft()))
}

func (a *api) updateConnector(ctx context.Context, by soc.Actor, in connectorUpdate) (web.Reply[connectorView], error) {
	return connectorReply(connectorWaits)(a.desk.UpdateConnector(ctx, web.Answering(by, connectorWaits), in.ID, in.IfMatch.IfMatch, in.Body.draft()))
}

func (a *api) enableConnector(ctx context.Context, by soc.Actor, in connectorEnable) (web.Reply[connectorView], error) {
	return connectorReply(connectorWaits)(a.desk.EnableConnector(ctx, web.Answering(by, connectorWaits), in.ID, in.IfMatch.IfMatch, in.Body.Reason))
}

func (a *api) disableConnector(ctx context.Context, by soc.Actor, in reasonInput) (web.Reply[connectorView], error) {
	return connectorReply(connectorOK)(a.desk.DisableConnector(ctx, web.Answering(by, connectorOK), in.ID, in.Body.Reason))
}

func (a *api) deleteConnector(ctx context.Context, by soc.Actor, in oneConnector) (web.Reply[none], error) {
	return web.Reply[none]{Status: http.StatusNoContent}, a.desk.DeleteConnector(ctx, web.Answering(by, connectorGone), in.ID, "")
}

func (a *api) setConnectorSecrets(ctx context.Context, by soc.Actor, in connectorSecrets) (web.Reply[none], error) {
	secrets := map[string]string{}
	for name, value := range in.Body.Secrets {
		secrets[name] = ""
		if value != nil {
			secrets[name] = *value
		}
	}
	_, err := a.desk.SetConnectorSecrets(ctx, web.Answering(by, connectorGone), in.ID, secrets)
	return web.Reply[none]{Status: http.StatusNoContent}, err
}

func connectorGone(soc.ConnectorView) web.Reply[none] {
	return web.Reply[none]{Status: http.StatusNoContent}
}

func (a *api) checkConnector(ctx context.Context, by soc.Actor, in bareConnector) (web.Reply[connectorCheck], error) {
	found, err := a.desk.CheckConnector(ctx, web.Answering(by, drawCheck), in.ID)
	if err != nil {
		return web.Reply[connectorCheck]{}, err
	}
	return drawCheck(found), nil
}

func connectorOK(v soc.ConnectorView) web.Reply[connectorView] {
	return web.Reply[connectorView]{Data: drawConnector(v), Revision: v.Connector.Version}
}

// connectorWaits is 202 where a second person has to follow.
func connectorWaits(v soc.ConnectorView) web.Reply[connectorView] {
	reply := connectorOK(v)
	if v.Connector.State == soc.ConnectorProposed {
		reply.Status, reply.Location = http.StatusAccepted, prefix+"/connectors/"+v.Connector.ID
	}
	return reply
}

func connectorReply(draw func(soc.ConnectorView) web.Reply[connectorView]) func(soc.ConnectorView, error) (web.Reply[connectorView], error) {
	return func(v soc.ConnectorView, err error) (web.Reply[connectorView], error) {
		if err != nil {
			return web.Reply[connectorView]{}, err
		}
		return draw(v), nil
	}
}

func drawConnector(v soc.ConnectorView) connectorView {
	c := v.Connector
	view := connectorView{
		ID: c.ID, Name: soc.EscapeVisible(c.Name), Kind: c.Kind, State: string(c.State), ProposedBy: orNull(c.ProposedBy), BaseURL: c.BaseURL,
		Settings: map[string]string{}, Workspaces: []string{c.Workspace}, Playbooks: append([]string{}, v.Carries...),
		Rate: rateBody{float64(c.Rate) / 1000, c.Burst}, Declaration: orNull(c.Declaration), Secrets: []secretView{}, SecretsMissing: append([]string{}, v.Missing...),
		Reason: soc.EscapeVisible(c.Reason), CreatedAt: schemas.Time(c.CreatedAt), UpdatedAt: schemas.Time(c.UpdatedAt),
	}
	for name, value := range c.Settings {
		view.Settings[name] = soc.EscapeVisible(value)
	}
	for _, s := range v.Secrets {
		view.Secrets = append(view.Secrets, secretView{s.Name, schemas.Time(s.SetAt)})
	}
	if h := v.Health; h != nil {
		view.Health = &connectorHealth{h.Circuit, schemas.TimeOrNull(h.Since), schemas.TimeOrNull(h.LastOK), schemas.TimeOrNull(h.HeldUntil)}
	}
	return view
}

func drawCheck(found soc.ConnectorCheck) web.Reply[connectorCheck] {
	view := connectorCheck{OK: found.OK(), CheckedAt: schemas.Time(found.CheckedAt), LatencyMS: found.Latency.Milliseconds(), Steps: []checkStep{}, Permissions: []checkPermission{}}
	for _, s := range found.Steps {
		view.Steps = append(view.Steps, checkStep{s.Name, s.OK, orNull(s.Problem)})
	}
	for _, p := range found.Permissions {
		view.Permissions = append(view.Permissions, checkPermission{p.Name, p.Granted, append([]string{}, p.NeededFor...)})
	}
	return web.OK(view)
}
