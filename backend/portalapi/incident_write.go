package portalapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// none is the data of an answer without a body.
type none struct{}

var noContent = web.Reply[none]{Status: http.StatusNoContent}

type statusInput struct {
	incidentInput
	IfMatch web.IfMatch `header:"If-Match"`
	Body    statusBody  `body:"json"`
}

type statusBody struct {
	Status  string `json:"status" jsonschema:"enum=New,enum=Active,enum=Closed"`
	Comment string `json:"comment,omitempty" jsonschema:"maxLength=65536" jsonschema_description:"With Closed it is the closing comment."`
	verdictWords
	UpdateTicket bool   `json:"updateTicket,omitempty" jsonschema_description:"Note it on a linked ticket."`
	TicketID     string `json:"ticketId,omitempty" jsonschema:"minLength=1,maxLength=128" jsonschema_description:"Which; default the one linked last."`
}

// verdictWords are a classification pair of the wide table.
type verdictWords struct {
	Classification string `json:"classification,omitempty" jsonschema:"enum=TruePositive,enum=BenignPositive,enum=FalsePositive,enum=Undetermined,enum=Suspicious"`
	Reason         string `json:"classificationReason,omitempty" jsonschema:"enum=MultistagedAttack,enum=Malware,enum=MaliciousUserActivity,enum=UnwantedSoftware,enum=Phishing,enum=CompromisedUser,enum=Apt,enum=SuspiciousActivity,enum=Other,enum=NotMalicious,enum=NoEnoughDataToValidate,enum=InaccurateData,enum=IncorrectAlertLogic,enum=SecurityTesting,enum=ConfirmedUserActivity,enum=LineOfBusinessApplication,enum=SecurityPersonnel,enum=SuspiciousButExpected,enum=Unknown"`
}

// onto adds status, pair and comment to a change. Closed needs a whole pair:
// people are told, not corrected (portal-api.md section 10).
func (w verdictWords) onto(change soc.IncidentChange, status, comment string) (soc.IncidentChange, error) {
	change.Statuses, change.Unheld = soc.PortalStatus.Cores(status), true
	switch {
	case status == "Closed" && w.Classification == "":
		return change, soc.InvalidField("classification", "is required with status Closed")
	case w.Classification == "" && w.Reason != "":
		return change, soc.InvalidField("classificationReason", "goes with a classification only")
	case w.Classification != "" && w.Reason == "" && w.Classification != string(soc.VerdictSuspicious):
		return change, soc.InvalidField("classificationReason", "is required with classification %s", w.Classification)
	case w.Classification != "":
		change.Verdict = &soc.VerdictChange{Verdict: soc.Verdict(w.Classification), Reason: w.Reason}
	}
	if status == "Closed" {
		change.Closing = &soc.ClosingText{Text: comment}
	} else {
		change.Comment = comment
	}
	return change, nil
}

func (d *door) putStatus(ctx context.Context, by soc.Actor, in statusInput) (web.Reply[none], error) {
	if in.Body.TicketID != "" && !in.Body.UpdateTicket {
		return noContent, soc.InvalidField("ticketId", "goes with updateTicket true only")
	}
	change, err := in.Body.onto(soc.IncidentChange{Incident: in.ref(by), IfMatch: in.IfMatch.IfMatch}, in.Body.Status, in.Body.Comment)
	if err != nil {
		return noContent, err
	}
	draw := func(soc.IncidentChanged) web.Reply[none] { return noContent }
	_, err = d.desk.ChangeStatus(ctx, web.Answering(by, draw), soc.StatusChange{IncidentChange: change, Note: in.Body.UpdateTicket, Ticket: in.Body.TicketID})
	return noContent, renamed(err, "resolution", "comment")
}

type assigneeInput struct {
	incidentInput
	IfMatch web.IfMatch  `header:"If-Match"`
	Body    assigneeBody `body:"json"`
}

type assigneeBody struct {
	UserID string `json:"userId,omitempty" jsonschema:"maxLength=64"`
	Email  string `json:"email,omitempty" jsonschema:"maxLength=320" jsonschema_description:"Where the id is not known. Both null: nobody."`
}

func (d *door) putAssignee(ctx context.Context, by soc.Actor, in assigneeInput) (web.Reply[none], error) {
	draw := func(soc.IncidentChanged) web.Reply[none] { return noContent }
	_, err := d.desk.ChangeIncident(ctx, web.Answering(by, draw), soc.IncidentChange{
		Incident: in.ref(by), IfMatch: in.IfMatch.IfMatch, Assignee: &soc.Assignee{Person: in.Body.UserID, Email: in.Body.Email},
	})
	return noContent, err
}

type bulkInput struct {
	Body bulkBody `body:"json"`
}

type bulkBody struct {
	Items []bulkItem `json:"items" jsonschema:"minItems=1,maxItems=100"`
}

type bulkItem struct {
	ID             string    `json:"id" jsonschema:"minLength=1,maxLength=256"`
	Workspace      string    `json:"workspace" jsonschema:"minLength=36,maxLength=36"`
	Source         string    `json:"incidentSource" jsonschema:"minLength=1,maxLength=63"`
	Status         string    `json:"status,omitempty" jsonschema:"enum=New,enum=Active,enum=Closed"`
	User           *bulkUser `json:"user,omitempty" jsonschema_description:"The new assignee."`
	RemoveAssignee bool      `json:"removeAssignee,omitempty"`
	Comment        string    `json:"comment,omitempty" jsonschema:"maxLength=65536"`
	verdictWords
}

type bulkUser struct {
	ID          string `json:"id,omitempty" jsonschema:"maxLength=64"`
	DisplayName string `json:"displayName,omitempty" jsonschema:"maxLength=256" jsonschema_description:"Never used: names come from the store."`
	Email       string `json:"email,omitempty" jsonschema:"maxLength=320"`
}

type bulkAnswer struct {
	Accepted  []string        `json:"accepted"`
	Forbidden []bulkForbidden `json:"forbidden"`
}

type bulkForbidden struct {
	IncidentID  string `json:"incidentId"`
	WorkspaceID string `json:"workspaceId"`
	// Reason is the code that the single call would answer, Detail its words.
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

func (d *door) bulkUpdate(ctx context.Context, by soc.Actor, in bulkInput) (web.Reply[bulkAnswer], error) {
	items, err := in.Body.items()
	if err != nil {
		return web.Reply[bulkAnswer]{}, err
	}
	draw := func(errs []*soc.Error) web.Reply[bulkAnswer] {
		out := bulkAnswer{Accepted: []string{}, Forbidden: []bulkForbidden{}}
		for n, e := range errs {
			item := in.Body.Items[n]
			if e == nil {
				out.Accepted = append(out.Accepted, item.ID)
				continue
			}
			code, detail := web.PortalWords(e)
			out.Forbidden = append(out.Forbidden, bulkForbidden{item.ID, item.Workspace, string(code), detail})
		}
		return web.OK(out)
	}
	errs, err := d.desk.ChangeIncidents(ctx, web.Answering(by, draw), items)
	if err != nil {
		return web.Reply[bulkAnswer]{}, err
	}
	return draw(errs), nil
}

// items are the changes; what is wrong with one is judged with it, save that no
// incident may be named twice and every workspace must be a GUID.
func (b bulkBody) items() ([]soc.BulkItem, error) {
	items, seen := make([]soc.BulkItem, len(b.Items)), map[string]bool{}
	for n, item := range b.Items {
		if !web.IsUUID(item.Workspace) {
			return nil, soc.InvalidField(fmt.Sprintf("items[%d].workspace", n), "must be a GUID")
		}
		workspace := strings.ToLower(item.Workspace)
		key := workspace + "\x00" + item.Source + "\x00" + item.ID
		if seen[key] {
			return nil, soc.InvalidField(fmt.Sprintf("items[%d]", n), "names an incident that was named before")
		}
		seen[key] = true
		items[n] = soc.BulkItem{Workspace: workspace, Change: soc.IncidentChange{Incident: soc.IncidentRef{Source: item.Source, ExternalID: item.ID}}}
		items[n].Change, items[n].Fault = item.onto(items[n].Change, item.Status, item.Comment)
		if items[n].Fault == nil {
			items[n].Change.Assignee, items[n].Fault = item.assignee()
		}
		if items[n].Fault == nil && item.Status == "" && item.Classification == "" && item.Comment == "" && items[n].Change.Assignee == nil {
			items[n].Fault = soc.InvalidField("status", "or another member must say what to change")
		}
	}
	return items, nil
}

func (i bulkItem) assignee() (*soc.Assignee, error) {
	named := i.User != nil && (i.User.ID != "" || i.User.Email != "")
	switch {
	case named && i.RemoveAssignee:
		return nil, soc.InvalidField("removeAssignee", "does not go with a user")
	case named:
		return &soc.Assignee{Person: i.User.ID, Email: i.User.Email}, nil
	case i.RemoveAssignee:
		return &soc.Assignee{}, nil
	}
	return nil, nil
}
