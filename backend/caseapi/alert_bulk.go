package caseapi

import (
	"context"
	"encoding/json"
	"fmt"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

type bulkBody struct {
	Operation  string   `json:"operation" jsonschema:"enum=dismiss,enum=link,enum=escalate"`
	IDs        []string `json:"ids" jsonschema:"minItems=1,maxItems=100"`
	ReasonCode string   `json:"reason_code,omitempty" jsonschema:"enum=known-good,enum=false-positive,enum=duplicate,enum=test,enum=out-of-scope,enum=informational"`
	Comment    string   `json:"comment,omitempty" jsonschema:"maxLength=4000"`
	CaseID     string   `json:"case_id,omitempty" jsonschema:"minLength=1,maxLength=64"`
}

type bulkInput struct {
	Body bulkBody `body:"json"`
}

// bulkAnswer is the fate of each alert, in the order in which they were named.
type bulkAnswer struct {
	Results []bulkResult `json:"results"`
}

type bulkResult struct {
	ID     string     `json:"id"`
	OK     bool       `json:"ok"`
	Status int        `json:"status"`
	Error  *bulkError `json:"error"`
}

type bulkError struct {
	Error   string             `json:"error"`
	Message string             `json:"message"`
	Details schemas.FreeObject `json:"details"`
}

func (d *door) bulkAlerts(ctx context.Context, by soc.Actor, in bulkInput) (web.Reply[bulkAnswer], error) {
	request, err := in.Body.core()
	if err != nil {
		return web.Reply[bulkAnswer]{}, err
	}
	draw := func(results []soc.BulkResult) web.Reply[bulkAnswer] { return web.OK(d.drawBulk(in.Body.IDs, results)) }
	results, err := d.desk.BulkMoveAlerts(ctx, web.Answering(by, draw), request)
	if err != nil {
		return web.Reply[bulkAnswer]{}, err
	}
	return draw(results), nil
}

// core is the request in core words: which members an operation takes is part of
// its form.
func (b bulkBody) core() (soc.BulkAlerts, error) {
	in := soc.BulkAlerts{Operation: b.Operation, Dismiss: soc.DismissAlert{Reason: soc.DismissReason(b.ReasonCode), Comment: b.Comment}}
	switch {
	case b.Operation == "dismiss" && b.ReasonCode == "":
		return in, soc.InvalidField("reason_code", "is required to dismiss")
	case b.Operation == "link" && b.CaseID == "":
		return in, soc.InvalidField("case_id", "is required to link")
	case b.Operation == "dismiss" && b.CaseID != "":
		return in, soc.InvalidField("case_id", "is not a member of dismiss")
	case b.Operation != "dismiss" && b.ReasonCode != "":
		return in, soc.InvalidField("reason_code", "is a member of dismiss alone")
	case b.Operation != "dismiss" && b.Comment != "":
		return in, soc.InvalidField("comment", "is a member of dismiss alone")
	}
	if b.CaseID != "" {
		in.Incident = uuidOf(soc.CasePrefixCase, b.CaseID)
	}
	seen := map[string]bool{}
	for n, id := range b.IDs {
		if seen[id] {
			return in, soc.InvalidField(fmt.Sprintf("ids[%d]", n), "is there twice")
		}
		seen[id] = true
		in.Alerts = append(in.Alerts, uuidOf(soc.CasePrefixAlert, id))
	}
	return in, nil
}

// drawBulk answers with the ids as they were sent.
func (d *door) drawBulk(ids []string, results []soc.BulkResult) bulkAnswer {
	out := bulkAnswer{Results: make([]bulkResult, len(results))}
	for n, r := range results {
		out.Results[n] = bulkResult{ID: ids[n], OK: r.Err == nil, Status: 200}
		if r.Created {
			out.Results[n].Status = 201
		}
		if r.Err == nil {
			continue
		}
		status, code, message, details := web.CaseFault(alertError(r.Err))
		told, _ := json.Marshal(details) // texts and lists of texts
		out.Results[n].Status, out.Results[n].Error = status, &bulkError{code, message, told}
	}
	return out
}
