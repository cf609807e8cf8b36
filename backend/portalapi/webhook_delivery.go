package portalapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// deliveryLog is one event on its way to one webhook.
type deliveryLog struct {
	ID                      string            `json:"id"`
	EventID                 string            `json:"eventId"`
	EventType               string            `json:"eventType"`
	Status                  string            `json:"status"`
	HTTPStatusCode          *int              `json:"httpStatusCode"`
	ErrorMessage            *string           `json:"errorMessage"`
	EventSourceAccountID    string            `json:"eventSourceAccountId"`
	EventSourceAccountName  string            `json:"eventSourceAccountName"`
	EventSubjectID          string            `json:"eventSubjectId"`
	EventSubjectDisplayName string            `json:"eventSubjectDisplayName"`
	EventSubjectAttributes  map[string]string `json:"eventSubjectAttributes"`
	WebhookConfigurationID  string            `json:"webhookConfigurationId"`
	IsTest                  bool              `json:"isTest"`
	OriginalDeliveryID      *string           `json:"originalDeliveryId"`
	AttemptNumber           int               `json:"attemptNumber"`
	LatencyMs               *int64            `json:"latencyMs"`
	ResponseSnippet         *string           `json:"responseSnippet"`
	EventPayload            string            `json:"eventPayload"`
	EventOccurredAt         schemas.Time      `json:"eventOccurredAt"`
	CompletedAt             *schemas.Time     `json:"completedAt"`
	RedeliveryRequestedAt   *schemas.Time     `json:"redeliveryRequestedAt"`
	CreatedAt               schemas.Time      `json:"createdAt"`
}

// deliveryDetail is a delivery with its attempts.
type deliveryDetail struct {
	deliveryLog
	Attempts []deliveryAttempt `json:"attempts"`
}

type deliveryAttempt struct {
	AttemptNumber   int          `json:"attemptNumber"`
	StartedAt       schemas.Time `json:"startedAt"`
	HTTPStatusCode  *int         `json:"httpStatusCode"`
	LatencyMs       int64        `json:"latencyMs"`
	ErrorMessage    *string      `json:"errorMessage"`
	ResponseSnippet *string      `json:"responseSnippet"`
}

func drawDelivery(r soc.DeliveryRecord) (deliveryLog, error) {
	d, e := r.Delivery, r.Event
	payload, err := schemas.EventBody(e, d.Test)
	if err != nil {
		return deliveryLog{}, err
	}
	out := deliveryLog{
		ID: d.ID, EventID: e.ID, EventType: string(e.Type), Status: string(d.Status), HTTPStatusCode: statusOrNull(d.HTTPStatus),
		ErrorMessage: textOrNull(d.Error), EventSourceAccountID: e.Workspace, EventSourceAccountName: e.WorkspaceName,
		EventSubjectID: e.Facts.Incident.ExternalID, EventSubjectDisplayName: e.Facts.Incident.Title,
		EventSubjectAttributes: map[string]string{"source": e.Facts.Incident.Source, "incidentNumber": strconv.FormatInt(e.Facts.Incident.Number, 10)},
		WebhookConfigurationID: d.Webhook, IsTest: d.Test, OriginalDeliveryID: textOrNull(d.Original), AttemptNumber: d.Attempts,
		ResponseSnippet: textOrNull(d.Snippet), EventPayload: string(payload), EventOccurredAt: schemas.Time(e.OccurredAt),
		CompletedAt: schemas.TimeOrNull(d.CompletedAt), RedeliveryRequestedAt: schemas.TimeOrNull(d.RedeliveryRequestedAt), CreatedAt: schemas.Time(d.CreatedAt),
	}
	if e.Facts.Gamebook != "" {
		out.EventSubjectAttributes["gamebookId"] = e.Facts.Gamebook
	}
	if d.Attempts > 0 {
		latency := d.Latency.Milliseconds()
		out.LatencyMs = &latency
	}
	return out, nil
}

func drawAttempts(r soc.DeliveryRecord) (deliveryDetail, error) {
	log, err := drawDelivery(r)
	out := deliveryDetail{deliveryLog: log, Attempts: []deliveryAttempt{}}
	for _, a := range r.Attempts {
		out.Attempts = append(out.Attempts, deliveryAttempt{
			a.Number, schemas.Time(a.StartedAt), statusOrNull(a.HTTPStatus), a.Latency.Milliseconds(), textOrNull(a.Error), textOrNull(a.Snippet),
		})
	}
	return out, err
}

func statusOrNull(status int) *int {
	if status == 0 {
		return nil
	}
	return &status
}

type deliveriesInput struct {
	webhookInput
	From     *schemas.Time `query:"from"`
	To       *schemas.Time `query:"to"`
	PageSize int           `query:"pageSize" jsonschema:"minimum=1,maximum=200"`
	Token    string        `query:"continuationToken" jsonschema:"minLength=1,maxLength=4096"`
}

// deliveryPage is one page of a delivery log.
type deliveryPage struct {
	Items             []deliveryLog `json:"items"`
	ContinuationToken *string       `json:"continuationToken"`
	HasMore           bool          `json:"hasMore"`
}

// deliveryPosition is where a delivery log continues: the window is fixed by its
// first page.
type deliveryPosition struct {
	After  soc.Keyset `json:"a"`
	Window window     `json:"w"`
}

const deliveryPageSize = 50

func (d *door) listDeliveries(ctx context.Context, by soc.Actor, in deliveriesInput) (web.Reply[deliveryPage], error) {
	none := web.Reply[deliveryPage]{}
	b := binding(by, "delivery logs", "", []any{by.Organization, in.id(), in.From, in.To})
	position, err := d.deliveryPosition(b, in)
	if err != nil {
		return none, err
	}
	if in.PageSize == 0 {
		in.PageSize = deliveryPageSize
	}
	filter := soc.DeliveryFilter{Organization: by.Organization, Webhook: in.id(), From: position.Window.From, To: position.Window.To, Limit: in.PageSize}
	if in.Token != "" {
		filter.After = &position.After
	}
	found, next, err := d.desk.ListDeliveries(ctx, by, filter)
	if err != nil {
		return none, err
	}
	page := deliveryPage{Items: make([]deliveryLog, len(found)), HasMore: next != nil}
	for n, record := range found {
		if page.Items[n], err = drawDelivery(record); err != nil {
			return none, err
		}
	}
	if next != nil {
		position.After = *next
		token, err := d.seal.SealJSON(b, position)
		if err != nil {
			return none, err
		}
		page.ContinuationToken = &token
	}
	return web.OK(page), nil
}

// deliveryPosition opens a token, or begins with the window that was asked for.
func (d *door) deliveryPosition(b web.Binding, in deliveriesInput) (p deliveryPosition, err error) {
	if in.Token != "" {
		return p, d.seal.OpenJSON(b, in.Token, &p)
	}
	p.Window.To = d.now().UTC()
	if in.To != nil {
		p.Window.To = time.Time(*in.To).UTC()
	}
	p.Window.From = p.Window.To.Add(-sevenDays)
	if in.From != nil {
		p.Window.From = time.Time(*in.From).UTC()
	}
	if !p.Window.From.Before(p.Window.To) {
		return p, soc.InvalidField("to", "must be after from")
	}
	if in.To == nil { // what was made just now is part of it
		p.Window.To = p.Window.To.Add(time.Second)
	}
	return p, nil
}

type deliveryInput struct {
	webhookInput
	LogID     string       `path:"logId" jsonschema:"format=uuid"`
	CreatedAt schemas.Time `query:"createdAt,required"`
}

func (in deliveryInput) delivery() (webhook, id string, at time.Time) {
	return in.id(), strings.ToLower(in.LogID), time.Time(in.CreatedAt)
}

func (d *door) getDelivery(ctx context.Context, by soc.Actor, in deliveryInput) (web.Reply[deliveryDetail], error) {
	hook, id, at := in.delivery()
	record, err := d.desk.GetDelivery(ctx, by, hook, id, at)
	if err != nil {
		return web.Reply[deliveryDetail]{}, err
	}
	out, err := drawAttempts(record)
	return web.OK(out), err
}

func (d *door) testWebhook(ctx context.Context, by soc.Actor, in webhookInput) (web.Reply[deliveryLog], error) {
	record, err := d.desk.TestWebhook(ctx, web.Answering(by, replyDelivery), in.id())
	if err != nil {
		return web.Reply[deliveryLog]{}, err
	}
	return replyDelivery(record), nil
}

func (d *door) redeliver(ctx context.Context, by soc.Actor, in deliveryInput) (web.Reply[deliveryLog], error) {
	hook, id, at := in.delivery()
	record, err := d.desk.Redeliver(ctx, web.Answering(by, replyDelivery), hook, id, at)
	if err != nil {
		return web.Reply[deliveryLog]{}, err
	}
	return replyDelivery(record), nil
}

// replyDelivery draws a delivery that was drawn before, when it was sent.
func replyDelivery(r soc.DeliveryRecord) web.Reply[deliveryLog] {
	out, err := drawDelivery(r)
	if err != nil { // the server made the event, and a shorter one always fits
		out.EventPayload = ""
	}
	return web.OK(out)
}
