package console

import (
	"context"
	"net/http"
	"time"

	"vedette/backend/soc"
)

const deliveryRows = 50

type webhookQuery struct {
	After string `query:"after" max:"2000"`
}

type oneWebhook struct {
	Webhook string `path:"webhook" max:"64"`
	After   string `query:"after" max:"2000"`
}

// webhookForm is a webhook as people state it.
type webhookForm struct {
	Name   string   `form:"name" max:"800"`
	URL    string   `form:"url" max:"2048"`
	Events []string `form:"event" max:"64"`
	// Reach is this workspace, all of the organization, or those it has; a new one
	// has this one.
	Reach     string `form:"reach" enum:"here,all,same"`
	Payload   string `form:"payload" enum:"portal,case"`
	Signature string `form:"signature" enum:"base64Iso,hexUnix"`
}

type webhookChange struct {
	Webhook string `path:"webhook" max:"64"`
	Version int64  `form:"version"`
	webhookForm
}

type credentialsForm struct {
	Webhook        string `path:"webhook" max:"64"`
	Authentication string `form:"authentication" enum:"None,BasicAuth,BearerToken"`
	Token          string `form:"bearer" max:"4096"`
	SigningToken   string `form:"signing" max:"4096"`
	Username       string `form:"username" max:"4096"`
	Password       string `form:"password" max:"4096"`
	Rotate         bool   `form:"rotate"`
}

type deleteWebhookForm struct {
	Webhook string `path:"webhook" max:"64"`
	Version int64  `form:"version"`
}

type redeliverForm struct {
	Webhook  string `path:"webhook" max:"64"`
	Delivery string `path:"delivery" max:"64"`
	// Made is when the delivery was made, in milliseconds.
	Made int64 `form:"made"`
}

// webhookList is a page of the webhooks.
type webhookList struct {
	Rows []soc.Webhook
	Next string
}

// webhookPage is one webhook with a page of what it was told.
type webhookPage struct {
	Webhook    soc.Webhook
	Here       string
	Deliveries []soc.DeliveryRecord
	Next       string
}

// registerWebhooks adds where the organization wants to be told what happens.
func (c *Console) registerWebhooks() {
	one := "/webhooks/{webhook}"
	page := func(p Page) Page {
		p.Who, p.Role, p.Admin = Member, soc.RoleViewer, true
		if p.Nav == nil {
			p.Section = "/webhooks"
		}
		return p
	}
	add(c, page(Page{Method: http.MethodGet, Path: "/webhooks", Name: "webhooks_page", Nav: &Nav{Title: "Webhooks", Key: "w", Order: 80}}), c.webhooks)
	add(c, page(Page{Method: http.MethodGet, Path: "/webhooks/new", Name: "new_webhook_page"}), c.newWebhook)
	add(c, page(Page{Method: http.MethodPost, Path: "/webhooks/new", Name: "create_webhook", Back: "/webhooks/new"}), c.createWebhook)
	add(c, page(Page{Method: http.MethodGet, Path: one, Name: "webhook_page"}), c.webhook)
	add(c, page(Page{Method: http.MethodPost, Path: one + "/edit", Name: "update_webhook", Back: one}), c.updateWebhook)
	add(c, page(Page{Method: http.MethodPost, Path: one + "/credentials", Name: "set_webhook_credentials", Back: one, Fresh: true}), c.setWebhookCredentials)
	add(c, page(Page{Method: http.MethodPost, Path: one + "/test", Name: "test_webhook", Back: one}), c.testWebhook)
	add(c, page(Page{Method: http.MethodPost, Path: one + "/pause", Name: "pause_webhook", Back: one}), c.pauseWebhook)
	add(c, page(Page{Method: http.MethodPost, Path: one + "/resume", Name: "resume_webhook", Back: one}), c.resumeWebhook)
	add(c, page(Page{Method: http.MethodPost, Path: one + "/enable", Name: "enable_webhook", Back: one}), c.enableWebhook)
	add(c, page(Page{Method: http.MethodPost, Path: one + "/delete", Name: "delete_webhook", Back: one}), c.deleteWebhook)
	add(c, page(Page{Method: http.MethodPost, Path: one + "/deliveries/{delivery}/redeliver", Name: "redeliver", Back: one}), c.redeliver)
}

func (c *Console) webhooks(ctx context.Context, by soc.Actor, in webhookQuery) (View, error) {
	after, err := c.position(by, "webhooks", in.After, in)
	if err != nil {
		return View{}, err
	}
	rows, next, err := c.desk.ListWebhooks(ctx, by, after)
	if err != nil {
		return View{}, err
	}
	more, err := c.more(by, c.at(by, "/webhooks"), "webhooks", in, next)
	return View{Template: "webhooks", Title: "Webhooks", Data: webhookList{rows, more}}, err
}

func (c *Console) newWebhook(context.Context, soc.Actor, struct{}) (View, error) {
	return View{Template: "webhook-new", Title: "New webhook"}, nil
}

// draft is what the form states; kept are the workspaces that it leaves as they
// are.
func (f webhookForm) draft(by soc.Actor, kept []string) soc.WebhookDraft {
	d := soc.WebhookDraft{
		Name: f.Name, URL: f.URL, SignatureFormat: soc.SignatureFormat(f.Signature), PayloadFormat: soc.PayloadFormat(f.Payload), Workspaces: kept,
	}
	switch f.Reach {
	case "here":
		d.Workspaces = []string{by.Workspace}
	case "all":
		d.Workspaces = nil
	}
	for _, event := range f.Events {
		d.EventTypes = append(d.EventTypes, soc.EventType(event))
	}
	return d
}

// createWebhook answers with a page of its own: the secret is told once, and
// stands in no address.
func (c *Console) createWebhook(ctx context.Context, by soc.Actor, in webhookForm) (View, error) {
	made, err := c.desk.CreateWebhook(ctx, by, in.draft(by, []string{by.Workspace}), soc.WebhookCredentials{})
	return View{Template: "webhook-secret", Title: "Signing secret", Data: made}, err
}

func (c *Console) webhook(ctx context.Context, by soc.Actor, in oneWebhook) (View, error) {
	w, err := c.desk.GetWebhook(ctx, by, in.Webhook)
	if err != nil {
		return View{}, err
	}
	list := "deliveries of " + w.ID
	after, err := c.position(by, list, in.After, in)
	if err != nil {
		return View{}, err
	}
	here := c.at(by, "/webhooks", w.ID)
	page := webhookPage{Webhook: w, Here: here}
	var next *soc.Keyset
	page.Deliveries, next, err = c.desk.ListDeliveries(ctx, by, soc.DeliveryFilter{Webhook: w.ID, After: after, Limit: deliveryRows})
	if err != nil {
		return View{}, err
	}
	page.Next, err = c.more(by, here, list, in, next)
	return View{Template: "webhook", Title: w.Name, Data: page}, err
}

func (c *Console) updateWebhook(ctx context.Context, by soc.Actor, in webhookChange) (View, error) {
	w, err := c.desk.GetWebhook(ctx, by, in.Webhook)
	if err != nil {
		return View{}, err
	}
	_, err = c.desk.UpdateWebhook(ctx, by, in.Webhook, soc.IfMatch{Given: true, Revisions: []int64{in.Version}}, in.draft(by, w.Workspaces))
	return c.toWebhook(by, in.Webhook, "webhook-saved"), err
}

// setWebhookCredentials tells a new secret once, on a page of its own.
func (c *Console) setWebhookCredentials(ctx context.Context, by soc.Actor, in credentialsForm) (View, error) {
	issued, err := c.desk.SetWebhookCredentials(ctx, by, in.Webhook, soc.WebhookCredentials{
		Authentication: soc.WebhookAuthentication(in.Authentication), Token: in.Token, SigningToken: in.SigningToken,
		Username: in.Username, Password: in.Password, Rotate: in.Rotate,
	})
	if err != nil || issued.Secret == "" {
		return c.toWebhook(by, in.Webhook, "webhook-saved"), err
	}
	return View{Template: "webhook-secret", Title: "Signing secret", Data: issued}, nil
}

func (c *Console) testWebhook(ctx context.Context, by soc.Actor, in oneWebhook) (View, error) {
	_, err := c.desk.TestWebhook(ctx, by, in.Webhook)
	return c.toWebhook(by, in.Webhook, "webhook-tested"), err
}

func (c *Console) pauseWebhook(ctx context.Context, by soc.Actor, in oneWebhook) (View, error) {
	_, err := c.desk.PauseWebhook(ctx, by, in.Webhook)
	return c.toWebhook(by, in.Webhook, "webhook-paused"), err
}

func (c *Console) resumeWebhook(ctx context.Context, by soc.Actor, in oneWebhook) (View, error) {
	_, err := c.desk.ResumeWebhook(ctx, by, in.Webhook)
	return c.toWebhook(by, in.Webhook, "webhook-resumed"), err
}

func (c *Console) enableWebhook(ctx context.Context, by soc.Actor, in oneWebhook) (View, error) {
	_, err := c.desk.EnableWebhook(ctx, by, in.Webhook)
	return c.toWebhook(by, in.Webhook, "webhook-enabled"), err
}

func (c *Console) deleteWebhook(ctx context.Context, by soc.Actor, in deleteWebhookForm) (View, error) {
	err := c.desk.DeleteWebhook(ctx, by, in.Webhook, soc.IfMatch{Given: true, Revisions: []int64{in.Version}})
	return View{Redirect: c.at(by, "/webhooks"), Notice: "webhook-deleted"}, err
}

func (c *Console) redeliver(ctx context.Context, by soc.Actor, in redeliverForm) (View, error) {
	_, err := c.desk.Redeliver(ctx, by, in.Webhook, in.Delivery, time.UnixMilli(in.Made))
	return c.toWebhook(by, in.Webhook, "redelivered"), err
}

func (c *Console) toWebhook(by soc.Actor, id, notice string) View {
	return View{Redirect: c.at(by, "/webhooks", id), Notice: notice}
}
