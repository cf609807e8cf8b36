package portalapi

import (
	"context"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

const webhooksPath = "/api/v2/webhooks"

// registerWebhooks adds the thirteen routes of portal-api.md section 9. An agent
// may use none: where events go is not its business.
func (d *door) registerWebhooks(registry *web.Registry, family *web.Family) {
	people := []soc.PrincipalKind{soc.PrincipalService, soc.PrincipalPerson}
	read := web.Operation{Method: "GET", Who: web.Scoped, Scope: soc.ScopeWebhooksRead, Organization: true, Kinds: people, Rate: "read"}
	one := webhooksPath + "/{id}"
	logs := one + "/delivery-logs"
	web.Register(registry, family, at(read, webhooksPath, "list_webhooks", "The webhooks of the organization, oldest first."), d.listWebhooks)
	web.Register(registry, family, at(read, one, "get_webhook", "One webhook."), d.getWebhook)
	page := read
	page.OwnPages = true
	web.Register(registry, family, at(page, logs, "list_deliveries", "What a webhook was told, newest first."), d.listDeliveries)
	web.Register(registry, family, at(read, logs+"/{logId}", "get_delivery", "One delivery with its attempts."), d.getDelivery)

	manage := web.Operation{Method: "POST", Who: web.Scoped, Scope: soc.ScopeWebhooksManage, Organization: true, Kinds: people, Rate: "write", Write: true}
	with := func(change func(*web.Operation)) web.Operation {
		op := manage
		change(&op)
		return op
	}
	create := with(func(op *web.Operation) { op.Status, op.Secret, op.Errors = 201, true, []soc.Code{soc.CodeConflict} })
	web.Register(registry, family, at(create, webhooksPath, "create_webhook", "Make a webhook; its signing secret is shown this once."), d.createWebhook)
	put := with(func(op *web.Operation) { op.Method = "PUT" })
	web.Register(registry, family, at(put, one, "update_webhook", "Replace what is stated of a webhook."), d.updateWebhook)
	remove := with(func(op *web.Operation) { op.Method, op.Status = "DELETE", 204 })
	web.Register(registry, family, at(remove, one, "delete_webhook", "End a webhook; what waits for it is skipped."), d.deleteWebhook)
	move := with(func(op *web.Operation) { op.Errors = []soc.Code{soc.CodeConflict} })
	web.Register(registry, family, at(move, one+"/pause", "pause_webhook", "Keep events waiting."), d.moveWebhook(d.desk.PauseWebhook))
	web.Register(registry, family, at(move, one+"/resume", "resume_webhook", "Send what waited and is under 24 hours old."), d.moveWebhook(d.desk.ResumeWebhook))
	web.Register(registry, family, at(move, one+"/enable", "enable_webhook", "Use a webhook again that the server disabled."), d.moveWebhook(d.desk.EnableWebhook))
	credentials := with(func(op *web.Operation) { op.Secret = true })
	web.Register(registry, family, at(credentials, one+"/credentials", "set_webhook_credentials", "Replace what deliveries prove themselves with."), d.setCredentials)
	test := with(func(op *web.Operation) { op.Errors = []soc.Code{soc.CodeRefused} })
	web.Register(registry, family, at(test, one+"/test", "test_webhook", "Send a test event now, once."), d.testWebhook)
	again := with(func(op *web.Operation) { op.Status, op.Errors = 202, []soc.Code{soc.CodeConflict} })
	web.Register(registry, family, at(again, logs+"/{logId}/redeliver", "redeliver", "Send a failed or skipped delivery again."), d.redeliver)
}

type webhookInput struct {
	ID string `path:"id" jsonschema:"format=uuid"`
}

// id is the stored spelling of a GUID.
func (in webhookInput) id() string { return strings.ToLower(in.ID) }

// webhook is a webhook as it is shown; secrets never come back.
type webhook struct {
	ID                  string        `json:"id"`
	Name                string        `json:"name"`
	URL                 string        `json:"url"`
	Status              string        `json:"status"`
	EventTypes          []string      `json:"eventTypes"`
	WorkspaceIDs        []string      `json:"workspaceIds"`
	AuthenticationType  string        `json:"authenticationType"`
	HasSigningToken     bool          `json:"hasSigningToken"`
	SignatureFormat     string        `json:"signatureFormat"`
	PayloadFormat       string        `json:"payloadFormat"`
	ConsecutiveFailures int           `json:"consecutiveFailures"`
	DisabledAt          *schemas.Time `json:"disabledAt"`
	DisabledReason      *string       `json:"disabledReason"`
	CreatedAt           schemas.Time  `json:"createdAt"`
	UpdatedAt           schemas.Time  `json:"updatedAt"`
}

// newWebhook is a webhook just made, with its signing secret.
type newWebhook struct {
	webhook
	SigningSecret string `json:"signingSecret"`
}

func drawWebhook(w soc.Webhook) webhook {
	return webhook{
		ID: w.ID, Name: w.Name, URL: w.URL, Status: string(w.Status), EventTypes: list(w.EventTypes), WorkspaceIDs: list(w.Workspaces),
		AuthenticationType: string(w.Authentication), HasSigningToken: len(w.Sealed.SigningToken) > 0, SignatureFormat: string(w.SignatureFormat),
		PayloadFormat: string(w.PayloadFormat), ConsecutiveFailures: w.ConsecutiveFailures, DisabledAt: schemas.TimeOrNull(w.DisabledAt),
		DisabledReason: textOrNull(w.DisabledReason), CreatedAt: schemas.Time(w.CreatedAt), UpdatedAt: schemas.Time(w.UpdatedAt),
	}
}

func replyWebhook(w soc.Webhook) web.Reply[webhook] {
	return web.Reply[webhook]{Data: drawWebhook(w), Revision: w.Version}
}

type webhooksInput struct {
	Token string `query:"continuationToken" jsonschema:"minLength=1,maxLength=4096"`
}

func (d *door) listWebhooks(ctx context.Context, by soc.Actor, in webhooksInput) (web.Reply[[]webhook], error) {
	none := web.Reply[[]webhook]{}
	b := binding(by, "webhooks", "", by.Organization)
	after, err := d.after(b, in.Token)
	if err != nil {
		return none, err
	}
	found, next, err := d.desk.ListWebhooks(ctx, by, after)
	if err != nil {
		return none, err
	}
	out := make([]webhook, len(found))
	for n, w := range found {
		out[n] = drawWebhook(w)
	}
	page, err := d.page(b, next)
	return web.Reply[[]webhook]{Data: out, Page: page}, err
}

func (d *door) getWebhook(ctx context.Context, by soc.Actor, in webhookInput) (web.Reply[webhook], error) {
	w, err := d.desk.GetWebhook(ctx, by, in.id())
	return replyWebhook(w), err
}

// webhookDraft is a webhook as stated, whole.
type webhookDraft struct {
	Name            string   `json:"name" jsonschema:"minLength=1,maxLength=200"`
	URL             string   `json:"url" jsonschema:"minLength=1,maxLength=2048"`
	EventTypes      []string `json:"eventTypes" jsonschema:"minItems=1,maxItems=50"`
	WorkspaceIDs    []string `json:"workspaceIds,omitempty" jsonschema:"nullable,maxItems=1000"`
	SignatureFormat string   `json:"signatureFormat,omitempty" jsonschema:"nullable,enum=base64Iso,enum=hexUnix"`
	PayloadFormat   string   `json:"payloadFormat,omitempty" jsonschema:"nullable,enum=portal,enum=case"`
}

func (b webhookDraft) draft() soc.WebhookDraft {
	draft := soc.WebhookDraft{
		Name: b.Name, URL: b.URL, SignatureFormat: soc.SignatureFormat(b.SignatureFormat), PayloadFormat: soc.PayloadFormat(b.PayloadFormat),
	}
	for _, kind := range b.EventTypes {
		draft.EventTypes = append(draft.EventTypes, soc.EventType(kind))
	}
	for _, id := range b.WorkspaceIDs {
		draft.Workspaces = append(draft.Workspaces, strings.ToLower(id))
	}
	return draft
}

// webhookProof is what deliveries prove themselves with.
type webhookProof struct {
	Token        string `json:"token,omitempty" jsonschema:"nullable,maxLength=4096"`
	Username     string `json:"username,omitempty" jsonschema:"nullable,maxLength=4096"`
	Password     string `json:"password,omitempty" jsonschema:"nullable,maxLength=4096"`
	SigningToken string `json:"signingToken,omitempty" jsonschema:"nullable,maxLength=4096"`
}

func (b webhookProof) credentials(authentication string) soc.WebhookCredentials {
	return soc.WebhookCredentials{
		Authentication: soc.WebhookAuthentication(authentication), Token: b.Token, Username: b.Username, Password: b.Password, SigningToken: b.SigningToken,
	}
}

type createWebhookInput struct {
	Body struct {
		webhookDraft
		webhookProof
		AuthenticationType string `json:"authenticationType,omitempty" jsonschema:"nullable,enum=None,enum=BasicAuth,enum=BearerToken"`
	} `body:"json"`
}

func (d *door) createWebhook(ctx context.Context, by soc.Actor, in createWebhookInput) (web.Reply[newWebhook], error) {
	draw := func(made soc.IssuedWebhook) web.Reply[newWebhook] {
		return web.Reply[newWebhook]{
			Data: newWebhook{drawWebhook(made.Webhook), made.Secret}, Location: webhooksPath + "/" + made.Webhook.ID, Revision: made.Webhook.Version,
		}
	}
	made, err := d.desk.CreateWebhook(ctx, web.Answering(by, draw), in.Body.draft(), in.Body.credentials(in.Body.AuthenticationType))
	if err != nil {
		return web.Reply[newWebhook]{}, err
	}
	return draw(made), nil
}

type updateWebhookInput struct {
	webhookInput
	IfMatch web.IfMatch  `header:"If-Match"`
	Body    webhookDraft `body:"json"`
}

func (d *door) updateWebhook(ctx context.Context, by soc.Actor, in updateWebhookInput) (web.Reply[webhook], error) {
	w, err := d.desk.UpdateWebhook(ctx, web.Answering(by, replyWebhook), in.id(), in.IfMatch.IfMatch, in.Body.draft())
	return replyWebhook(w), err
}

type deleteWebhookInput struct {
	webhookInput
	IfMatch web.IfMatch `header:"If-Match"`
}

func (d *door) deleteWebhook(ctx context.Context, by soc.Actor, in deleteWebhookInput) (web.Reply[struct{}], error) {
	gone := func(soc.Webhook) web.Reply[struct{}] { return web.Reply[struct{}]{} }
	return gone(soc.Webhook{}), d.desk.DeleteWebhook(ctx, web.Answering(by, gone), in.id(), in.IfMatch.IfMatch)
}

// moveWebhook is pause, resume or enable.
func (d *door) moveWebhook(move func(context.Context, soc.Actor, string) (soc.Webhook, error)) func(context.Context, soc.Actor, webhookInput) (web.Reply[webhook], error) {
	return func(ctx context.Context, by soc.Actor, in webhookInput) (web.Reply[webhook], error) {
		w, err := move(ctx, web.Answering(by, replyWebhook), in.id())
		return replyWebhook(w), err
	}
}

type credentialsInput struct {
	webhookInput
	Body struct {
		webhookProof
		AuthenticationType  string `json:"authenticationType" jsonschema:"enum=None,enum=BasicAuth,enum=BearerToken"`
		RotateSigningSecret bool   `json:"rotateSigningSecret,omitempty"`
	} `body:"json"`
}

// webhookCredentials is what is told of credentials; signingSecret only where it
// was just made.
type webhookCredentials struct {
	ID                 string  `json:"id"`
	AuthenticationType string  `json:"authenticationType"`
	HasSigningToken    bool    `json:"hasSigningToken"`
	SigningSecret      *string `json:"signingSecret,omitempty"`
}

func (d *door) setCredentials(ctx context.Context, by soc.Actor, in credentialsInput) (web.Reply[webhookCredentials], error) {
	draw := func(made soc.IssuedWebhook) web.Reply[webhookCredentials] {
		w := made.Webhook
		return web.OK(webhookCredentials{w.ID, string(w.Authentication), len(w.Sealed.SigningToken) > 0, textOrNull(made.Secret)})
	}
	proof := in.Body.credentials(in.Body.AuthenticationType)
	proof.Rotate = in.Body.RotateSigningSecret
	made, err := d.desk.SetWebhookCredentials(ctx, web.Answering(by, draw), in.id(), proof)
	return draw(made), err
}

// sevenDays is the window of a delivery log that states none.
const sevenDays = 7 * 24 * time.Hour
