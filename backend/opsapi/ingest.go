package opsapi

import (
	"bytes"
	"context"
	"encoding/json"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// mediaLines is one JSON object per line.
const mediaLines = "application/x-ndjson"

type ingestInput struct {
	Format string      `path:"format" jsonschema:"maxLength=64"`
	Update bool        `query:"update" jsonschema_description:"Let a newer payload of a known alert replace the old one."`
	Strict bool        `query:"strict" jsonschema_description:"Store all items or none."`
	Body   web.RawBody `body:"raw"`
}

// ingestReceipt says what became of each item.
type ingestReceipt struct {
	Received  int          `json:"received"`
	Created   int          `json:"created"`
	Updated   int          `json:"updated"`
	Duplicate int          `json:"duplicate"`
	Conflict  int          `json:"conflict"`
	Rejected  int          `json:"rejected"`
	Items     []ingestItem `json:"items"`
}

type ingestItem struct {
	Index      int      `json:"index"`
	Status     string   `json:"status" jsonschema:"enum=created,enum=updated,enum=duplicate,enum=conflict,enum=rejected"`
	ExternalID *string  `json:"externalId"`
	AlertID    *string  `json:"alertId"`
	IncidentID *string  `json:"incidentId"`
	Warnings   []string `json:"warnings"`
	// Errors are those of a rejected item, by path; "" is the item itself.
	Errors *map[string][]string `json:"errors"`
}

// registerIngest adds the one route where members nobody knows are legal: what
// a mapper does not know is kept in the raw payload.
func (a *api) registerIngest() {
	web.Register(a.registry, a.family, web.Operation{
		Method: "POST", Path: prefix + "/ingest/{format}", Name: "ingest", Summary: "Store alerts and incidents of one format.",
		Who: web.Scoped, Scope: soc.ScopeAlertsWrite, MinRole: soc.RoleViewer, Kinds: []soc.PrincipalKind{soc.PrincipalPerson, soc.PrincipalService},
		Rate: "ingest", Write: true, Media: []string{"application/json", mediaLines}, MaxBody: soc.MaxIngestBody,
		Errors: []soc.Code{soc.CodeNotFound, soc.CodeServiceUnavailable},
	}, a.ingest)
}

func (a *api) ingest(ctx context.Context, by soc.Actor, in ingestInput) (web.Reply[ingestReceipt], error) {
	items, err := a.desk.SplitIngest(in.Format, in.Body.Data)
	if err == nil {
		err = asDeclared(in.Body)
	}
	if err != nil {
		return web.Reply[ingestReceipt]{}, err
	}
	draw := func(r soc.IngestReceipt) web.Reply[ingestReceipt] { return web.OK(drawIngest(r)) }
	receipt, err := a.desk.Ingest(ctx, web.Answering(by, draw), soc.IngestRequest{
		Format: in.Format, Items: items, Update: in.Update, Strict: in.Strict,
	})
	if err != nil {
		return web.Reply[ingestReceipt]{}, err
	}
	return draw(receipt), nil
}

// asDeclared holds a body, whose items were told apart by its start, to the
// media type its sender gave it.
func asDeclared(body web.RawBody) error {
	text := bytes.TrimSpace(bytes.TrimPrefix(body.Data, []byte("\xEF\xBB\xBF")))
	switch {
	case len(text) == 0:
		return nil
	case body.Media == mediaLines && text[0] == '[':
		return soc.Errorf(soc.Invalid, soc.CodeBadRequest, "Lines of JSON objects cannot begin with an array.").
			WithFix("Send an array as application/json.")
	case body.Media != mediaLines && !json.Valid(text):
		return soc.Errorf(soc.Invalid, soc.CodeBadRequest, "The body is not one JSON array or one JSON object.").
			WithFix("Send one object per line as %s.", mediaLines)
	}
	return nil
}

func drawIngest(r soc.IngestReceipt) ingestReceipt {
	out := ingestReceipt{
		Received: r.Received, Created: r.Created, Updated: r.Updated, Duplicate: r.Duplicate, Conflict: r.Conflict, Rejected: r.Rejected,
		Items: make([]ingestItem, len(r.Items)),
	}
	for n, item := range r.Items {
		out.Items[n] = ingestItem{
			Index: item.Index, Status: item.Status, ExternalID: textOrNull(item.ExternalID), AlertID: textOrNull(item.AlertID),
			IncidentID: textOrNull(item.IncidentID), Warnings: append([]string{}, item.Warnings...),
		}
		if len(item.Errors) > 0 {
			out.Items[n].Errors = &item.Errors
		}
	}
	return out
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
