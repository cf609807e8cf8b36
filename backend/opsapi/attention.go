package opsapi

import (
	"context"
	"net/http"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type attentionInput struct {
	Person string        `query:"personId" jsonschema:"maxLength=36" jsonschema_description:"Without it everybody, for those who may see them; else oneself."`
	From   *schemas.Time `query:"from" jsonschema_description:"30 days before to unless stated, at most 92."`
	To     *schemas.Time `query:"to" jsonschema_description:"The first moment after; now unless stated."`
}

// attentionView is how people dealt with the cards they decided.
type attentionView struct {
	From      schemas.Time    `json:"from"`
	To        schemas.Time    `json:"to"`
	Truncated bool            `json:"truncated" jsonschema_description:"There were more decisions than are looked at; the newest are."`
	People    []attentiveView `json:"people" jsonschema_description:"Per person and rule; the row without a rule is over all of the person's cards."`
	Untaught  []taughtNothing `json:"taughtNothing" jsonschema_description:"Kinds of cards of the last seven days that everybody decided alike: a rule could allow or forbid them. Empty for whoever sees only themselves."`
	Limits    attentionBounds `json:"warnFrom"`
}

type attentionBounds struct {
	Cards         int     `json:"cards"`
	MedianSeconds float64 `json:"medianSeconds"`
	ApprovalRate  float64 `json:"approvalRate"`
}

type attentiveView struct {
	PersonID       string   `json:"personId"`
	Name           string   `json:"name"`
	Rule           *string  `json:"rule"`
	Cards          int      `json:"cards"`
	NotViewed      int      `json:"notViewed" jsonschema_description:"Decided without the view that a card was served with."`
	MedianSeconds  *float64 `json:"medianSeconds" jsonschema_description:"Time from card to decision; null where none was viewed."`
	EvidenceOpened int      `json:"evidenceOpened"`
	OpenedOn       int      `json:"cardsWithEvidenceOpened"`
	ApprovalRate   float64  `json:"approvalRate" jsonschema:"minimum=0,maximum=1"`
	Warnings       []string `json:"warnings"`
}

type taughtNothing struct {
	Rule       string `json:"rule"`
	PlaybookID string `json:"playbookId"`
	Cards      int    `json:"cards"`
	People     int    `json:"people"`
	Decision   string `json:"decision" jsonschema:"enum=approved,enum=denied"`
}

// registerAttention adds attention of section 12 of the contract. People see what
// is said of them, whatever their role.
func (a *api) registerAttention() {
	read := web.Operation{
		Who: web.Scoped, Scope: soc.ScopeAuditRead, MinRole: soc.RoleViewer, Rate: "read", Kinds: peopleAndServices, Errors: []soc.Code{soc.CodeInsufficientWorkspaceRole},
	}
	add(a, with(read, http.MethodGet, "/attention", "get_attention", "How people dealt with the approval cards they decided."), a.attention)
}

func (a *api) attention(ctx context.Context, by soc.Actor, in attentionInput) (web.Reply[attentionView], error) {
	var from, to time.Time
	if in.From != nil {
		from = time.Time(*in.From)
	}
	if in.To != nil {
		to = time.Time(*in.To)
	}
	found, err := a.desk.Attention(ctx, by, in.Person, from, to)
	if err != nil {
		return web.Reply[attentionView]{}, err
	}
	view := attentionView{
		From: schemas.Time(found.From), To: schemas.Time(found.To), Truncated: found.Cut, People: []attentiveView{}, Untaught: []taughtNothing{},
		Limits: attentionBounds{soc.AttentionCards, soc.AttentionMedian.Seconds(), soc.AttentionRate},
	}
	for _, p := range found.People {
		one := attentiveView{
			PersonID: p.Person, Name: soc.EscapeVisible(p.Name), Rule: textOrNull(p.Rule), Cards: p.Cards, NotViewed: p.NotViewed, EvidenceOpened: p.Opened,
			OpenedOn: p.OpenedCards, ApprovalRate: p.Rate(), Warnings: p.Warnings,
		}
		if p.NotViewed < p.Cards {
			seconds := p.Median.Seconds()
			one.MedianSeconds = &seconds
		}
		view.People = append(view.People, one)
	}
	for _, u := range found.Untaught {
		decision := "denied"
		if u.Approved {
			decision = "approved"
		}
		view.Untaught = append(view.Untaught, taughtNothing{u.Rule, u.Playbook, u.Cards, u.People, decision})
	}
	return web.OK(view), nil
}
