package caseapi

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// suppression is one in a list; those that ended stay listed with their hits.
type suppression struct {
	ID        string               `json:"id"`
	Type      string               `json:"type"`
	Value     string               `json:"value"`
	Scope     string               `json:"scope"`
	Until     schemas.SecondsTime  `json:"until"`
	Active    bool                 `json:"active"`
	Hits      int64                `json:"hits"`
	Reason    string               `json:"reason"`
	CreatedBy string               `json:"created_by"`
	CreatedAt schemas.SecondsTime  `json:"created_at"`
	EndedAt   *schemas.SecondsTime `json:"ended_at"`
	EndedBy   *string              `json:"ended_by"`
}

const sourceScope = "source:"

func (d *door) drawSuppression(s soc.Suppression) suppression {
	out := suppression{
		ID: soc.CaseID(soc.CasePrefixSuppression, s.ID), Type: soc.CaseEntityKind.Word(s.Kind), Value: s.Value, Scope: "global", Until: schemas.SecondsTime(s.Until),
		Active: d.desk.SuppressionActive(s), Hits: s.Hits, Reason: s.Reason, CreatedBy: principal(s.CreatedBy), CreatedAt: schemas.SecondsTime(s.CreatedAt),
		EndedAt: schemas.SecondsOrNull(s.EndedAt),
	}
	if s.Source != "" {
		out.Scope = sourceScope + soc.FamilySource(s.Source)
	}
	if s.EndedBy != "" {
		by := principal(s.EndedBy)
		out.EndedBy = &by
	}
	return out
}

type suppressBody struct {
	Type   string       `json:"type" jsonschema:"enum=user,enum=hostname,enum=ip,enum=url,enum=domain,enum=filename,enum=hash,enum=process,enum=email,enum=message_id,enum=registry_key,enum=registry_value,enum=cloud_resource,enum=application,enum=other"`
	Value  string       `json:"value" jsonschema:"minLength=1,maxLength=8192"`
	Scope  string       `json:"scope" jsonschema:"minLength=1,maxLength=70" jsonschema_description:"global, or source: and a source."`
	Until  schemas.Time `json:"until"`
	Reason string       `json:"reason,omitempty" jsonschema:"maxLength=1000"`
}

type suppressInput struct {
	Body suppressBody `body:"json"`
}

// suppressReceipt is the answer of suppressing.
type suppressReceipt struct {
	suppression
	KnownSource         bool `json:"known_source"`
	WouldHaveMatched24h int  `json:"would_have_matched_24h"`
}

var sourceForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

func (d *door) suppressObservable(ctx context.Context, by soc.Actor, in suppressInput) (web.Reply[suppressReceipt], error) {
	none := web.Reply[suppressReceipt]{}
	kind, _ := soc.CaseEntityKind.Core(in.Body.Type)
	request := soc.NewSuppression{Kind: kind, Value: in.Body.Value, Until: time.Time(in.Body.Until).UTC(), Reason: in.Body.Reason}
	if in.Body.Scope != "global" {
		source, scoped := strings.CutPrefix(in.Body.Scope, sourceScope)
		if !scoped || !sourceForm.MatchString(source) {
			return none, soc.InvalidField("scope", "must be global or source:<slug>")
		}
		request.Source = soc.FromFamilySource(source)
	}
	draw := func(r soc.SuppressionReceipt) web.Reply[suppressReceipt] {
		reply := web.Reply[suppressReceipt]{
			Status: http.StatusOK, Data: suppressReceipt{d.drawSuppression(r.Suppression), r.KnownSource, r.WouldHaveMatched},
		}
		if r.Created {
			reply.Status = http.StatusCreated
		}
		return reply
	}
	receipt, err := d.desk.SuppressObservable(ctx, web.Answering(by, draw), request)
	if err != nil {
		return none, err
	}
	return draw(receipt), nil
}

type suppressionFilter struct {
	Active *bool `query:"active"`
}

type listSuppressionsInput struct {
	suppressionFilter
	pageInput
}

func (d *door) listSuppressions(ctx context.Context, by soc.Actor, in listSuppressionsInput) (web.Reply[[]suppression], error) {
	none := web.Reply[[]suppression]{}
	bound := binding(by, "suppressions", in.suppressionFilter)
	after, err := open[soc.Keyset](d, in.pageInput, bound)
	if err != nil {
		return none, err
	}
	found, next, err := d.desk.ListSuppressions(ctx, by, in.Active, after, in.limit())
	if err != nil {
		return none, err
	}
	items := make([]suppression, len(found))
	for n, s := range found {
		items[n] = d.drawSuppression(s)
	}
	last, err := page(d, bound, next)
	return web.Reply[[]suppression]{Data: items, Page: last}, err
}

type suppressionInput struct {
	ID string `path:"id"`
}

func (d *door) liftSuppression(ctx context.Context, by soc.Actor, in suppressionInput) (web.Reply[nothing], error) {
	draw := func(soc.Suppression) web.Reply[nothing] { return web.Reply[nothing]{Status: http.StatusNoContent} }
	s, err := d.desk.LiftSuppression(ctx, web.Answering(by, draw), uuidOf(soc.CasePrefixSuppression, in.ID))
	if err != nil {
		return web.Reply[nothing]{}, err
	}
	return draw(s), nil
}
