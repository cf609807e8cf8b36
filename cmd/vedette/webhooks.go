package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"vedette/backend"
	"vedette/backend/connector/egress"
	"vedette/backend/soc"
	"vedette/backend/worker"
)

// webhooksCommand operates webhooks on the machine, beside a running server or
// alone. Making one, and its secrets, stay with the API.
type webhooksCommand struct {
	List       listWebhooksCommand  `cmd:"" help:"List webhooks, never their secrets."`
	Show       showWebhookCommand   `cmd:"" help:"Show one webhook."`
	Deliveries deliveriesCommand    `cmd:"" help:"List what a webhook was told, newest first."`
	Redeliver  redeliverCommand     `cmd:"" help:"Have the server send a failed or skipped delivery again."`
	Pause      pauseWebhookCommand  `cmd:"" help:"Keep events waiting."`
	Resume     resumeWebhookCommand `cmd:"" help:"Send what waited and is under 24 hours old."`
	Test       testWebhookCommand   `cmd:"" help:"Send a made-up event from this machine now, once; exit 1 unless it arrives."`
}

// webhookFlags are the flags of whatever changes or calls a webhook.
type webhookFlags struct {
	SecretKeyFile string   `help:"Keys that seal secrets (default: <db>.key)." placeholder:"FILE"`
	EgressAllow   []string `help:"What webhooks may reach beyond public https, as for serve." placeholder:"CIDR|HOST[:PORT]"`
}

// openWebhooks opens the database as a local command, with what it takes to seal
// and to send.
func (e *environment) openWebhooks(ctx context.Context, operation string, flags webhookFlags) (*local, error) {
	l, err := e.openLocal(ctx, operation)
	if err != nil {
		return nil, err
	}
	file := flags.SecretKeyFile
	if file == "" {
		file = database(e.program.DB).file() + ".key"
	}
	ring, err := openKeyRing(ctx, l.store, file, false)
	if err == nil {
		err = l.sealing(ring, flags.EgressAllow, e)
	}
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *local) sealing(ring keyRing, allow []string, e *environment) error {
	secrets, err := ring.secretBox()
	if err != nil {
		return err
	}
	allowed, err := egress.NewPolicy(allow)
	if err != nil {
		return err
	}
	sender := &worker.Sender{Client: allowed.Client(egress.Options{Timeout: worker.AttemptTimeout, MaxBody: worker.AnswerLimit})}
	l.desk = backend.New(backend.Config{
		Store: l.store, KillFile: database(e.program.DB).file() + ".kill", Secrets: secrets, CheckURL: allowed.Check, Send: sender.Send,
	})
	return nil
}

type listWebhooksCommand struct{}

func (listWebhooksCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "webhooks list")
	if err != nil {
		return err
	}
	defer l.close()
	values, rows := []map[string]any{}, [][]string{{"ID", "NAME", "STATUS", "FAILURES", "FORMAT", "EVENTS", "WORKSPACES", "URL"}}
	organizations, err := l.desk.ListOrganizations(ctx, l.host)
	if err != nil {
		return err
	}
	for _, o := range organizations {
		l.host.Organization = o.ID
		for after, more := (*soc.Keyset)(nil), true; more; more = after != nil {
			found, next, err := l.desk.ListWebhooks(ctx, l.host, after)
			if err != nil {
				return err
			}
			for _, w := range found {
				values, rows = append(values, webhookJSON(w)), append(rows, webhookRow(w))
			}
			after = next
		}
	}
	return e.print(map[string]any{"webhooks": values}, rows)
}

func webhookRow(w soc.Webhook) []string {
	workspaces := "all"
	if len(w.Workspaces) > 0 {
		workspaces = strconv.Itoa(len(w.Workspaces))
	}
	return []string{w.ID, w.Name, string(w.Status), strconv.Itoa(w.ConsecutiveFailures), string(w.PayloadFormat), strconv.Itoa(len(w.EventTypes)), workspaces, w.URL}
}

func webhookJSON(w soc.Webhook) map[string]any {
	return map[string]any{
		"id": w.ID, "organization": w.Organization, "name": w.Name, "url": w.URL, "status": w.Status, "event_types": w.EventTypes,
		"workspaces": append([]string{}, w.Workspaces...), "authentication": w.Authentication, "payload_format": w.PayloadFormat,
		"signature_format": w.SignatureFormat, "consecutive_failures": w.ConsecutiveFailures, "delivered_at": timeJSON(w.DeliveredAt),
		"disabled_at": timeJSON(w.DisabledAt), "disabled_reason": w.DisabledReason, "created_at": timeJSON(w.CreatedAt),
	}
}

// printWebhook prints one, a line per member.
func (e *environment) printWebhook(w soc.Webhook) error {
	events := make([]string, len(w.EventTypes))
	for i, kind := range w.EventTypes {
		events[i] = string(kind)
	}
	workspaces := "all"
	if len(w.Workspaces) > 0 {
		workspaces = strings.Join(w.Workspaces, ", ")
	}
	return e.print(webhookJSON(w), [][]string{
		{"webhook", w.ID},
		{"name", w.Name},
		{"url", w.URL},
		{"status", string(w.Status)},
		{"disabled", timeText(w.DisabledAt), w.DisabledReason},
		{"events", strings.Join(events, ", ")},
		{"workspaces", workspaces},
		{"authentication", string(w.Authentication)},
		{"payload", string(w.PayloadFormat)},
		{"failures", strconv.Itoa(w.ConsecutiveFailures)},
		{"delivered", timeText(w.DeliveredAt)},
	})
}

type showWebhookCommand struct {
	Webhook string `arg:"" help:"Webhook by id."`
}

func (c *showWebhookCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "webhooks show")
	if err != nil {
		return err
	}
	defer l.close()
	w, err := l.desk.GetWebhook(ctx, l.host, c.Webhook)
	if err != nil {
		return err
	}
	return e.printWebhook(w)
}

type deliveriesCommand struct {
	Webhook string        `arg:"" help:"Webhook by id."`
	Since   time.Duration `default:"168h" help:"How far back."`
	Limit   int           `default:"50" help:"At most so many, up to 10000."`
}

func (c *deliveriesCommand) Run(ctx context.Context, e *environment) error {
	if c.Limit < 1 || c.Limit > 10_000 || c.Since <= 0 {
		return soc.InvalidField("--limit", "Must be from 1 to 10000, and --since above 0.")
	}
	l, err := e.openLocal(ctx, "webhooks deliveries")
	if err != nil {
		return err
	}
	defer l.close()
	values, rows := []map[string]any{}, [][]string{{"ID", "EVENT", "STATUS", "ATTEMPTS", "HTTP", "CREATED", "ERROR"}}
	err = l.eachDelivery(ctx, c.Webhook, time.Now().Add(-c.Since), func(r soc.DeliveryRecord) bool {
		values, rows = append(values, deliveryJSON(r)), append(rows, deliveryRow(r))
		return len(values) < c.Limit
	})
	if err != nil {
		return err
	}
	return e.print(map[string]any{"webhook": c.Webhook, "deliveries": values}, rows)
}

// eachDelivery gives the deliveries of a webhook, newest first, until enough.
func (l *local) eachDelivery(ctx context.Context, webhook string, since time.Time, more func(soc.DeliveryRecord) bool) error {
	f := soc.DeliveryFilter{Webhook: webhook, From: since, Limit: 200}
	for {
		found, next, err := l.desk.ListDeliveries(ctx, l.host, f)
		if err != nil {
			return err
		}
		for _, r := range found {
			if !more(r) {
				return nil
			}
		}
		if f.After = next; next == nil {
			return nil
		}
	}
}

func deliveryRow(r soc.DeliveryRecord) []string {
	d, status := r.Delivery, "-"
	if d.HTTPStatus != 0 {
		status = strconv.Itoa(d.HTTPStatus)
	}
	kind := string(r.Event.Type)
	if d.Test {
		kind += " (test)"
	}
	return []string{d.ID, kind, string(d.Status), strconv.Itoa(d.Attempts), status, timeText(d.CreatedAt), d.Error}
}

func deliveryJSON(r soc.DeliveryRecord) map[string]any {
	d := r.Delivery
	return map[string]any{
		"id": d.ID, "event_id": r.Event.ID, "event_type": r.Event.Type, "workspace": d.Workspace, "status": d.Status, "test": d.Test, "original": d.Original,
		"attempts": d.Attempts, "http_status": d.HTTPStatus, "latency_ms": d.Latency.Milliseconds(), "error": d.Error, "answer": d.Snippet,
		"created_at": timeJSON(d.CreatedAt), "completed_at": timeJSON(d.CompletedAt), "next_attempt_at": timeJSON(d.NextAttemptAt),
	}
}

func (e *environment) printDelivery(r soc.DeliveryRecord) error {
	return e.print(deliveryJSON(r), [][]string{{"ID", "EVENT", "STATUS", "ATTEMPTS", "HTTP", "CREATED", "ERROR"}, deliveryRow(r)})
}

type redeliverCommand struct {
	Webhook  string `arg:"" help:"Webhook by id."`
	Delivery string `arg:"" help:"Delivery by id."`
	webhookFlags
}

// Run stores the new delivery; a running server sends it, also one that starts
// later.
func (c *redeliverCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openWebhooks(ctx, "webhooks redeliver", c.webhookFlags)
	if err != nil {
		return err
	}
	defer l.close()
	var old *soc.DeliveryRecord
	err = l.eachDelivery(ctx, c.Webhook, time.Time{}, func(r soc.DeliveryRecord) bool {
		if r.Delivery.ID == c.Delivery {
			old = &r
		}
		return old == nil
	})
	if err != nil {
		return err
	}
	if old == nil {
		return soc.NotFoundf("There is no such delivery.").WithFix("`vedette webhooks deliveries %s` shows them.", c.Webhook)
	}
	r, err := l.desk.Redeliver(ctx, l.host, c.Webhook, c.Delivery, old.Delivery.CreatedAt)
	if err != nil {
		return err
	}
	return e.printDelivery(r)
}

type pauseWebhookCommand struct {
	Webhook string `arg:"" help:"Webhook by id."`
	webhookFlags
}

func (c *pauseWebhookCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openWebhooks(ctx, "webhooks pause", c.webhookFlags)
	if err != nil {
		return err
	}
	defer l.close()
	w, err := l.desk.PauseWebhook(ctx, l.host, c.Webhook)
	if err != nil {
		return err
	}
	return e.printWebhook(w)
}

type resumeWebhookCommand struct {
	Webhook string `arg:"" help:"Webhook by id."`
	webhookFlags
}

func (c *resumeWebhookCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openWebhooks(ctx, "webhooks resume", c.webhookFlags)
	if err != nil {
		return err
	}
	defer l.close()
	w, err := l.desk.ResumeWebhook(ctx, l.host, c.Webhook)
	if err != nil {
		return err
	}
	return e.printWebhook(w)
}

type testWebhookCommand struct {
	Webhook string `arg:"" help:"Webhook by id."`
	webhookFlags
}

func (c *testWebhookCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openWebhooks(ctx, "webhooks test", c.webhookFlags)
	if err != nil {
		return err
	}
	defer l.close()
	r, err := l.desk.TestWebhook(ctx, l.host, c.Webhook)
	if err != nil {
		return err
	}
	if err := e.printDelivery(r); err != nil {
		return err
	}
	if r.Delivery.Status != soc.DeliveryDelivered {
		return fmt.Errorf("the test did not arrive: %s", r.Delivery.Error)
	}
	return nil
}
