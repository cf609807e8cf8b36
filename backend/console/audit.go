package console

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"vedette/backend/soc"
)

const auditRows = 50

type auditQuery struct {
	From     string `query:"from" max:"40"`
	To       string `query:"to" max:"40"`
	Actor    string `query:"actor" max:"64"`
	Event    string `query:"event" max:"64"`
	Code     string `query:"code" max:"64"`
	Incident string `query:"incident" max:"64"`
	Gamebook string `query:"gamebook" max:"64"`
	Run      string `query:"run" max:"64"`
	Request  string `query:"request" max:"128"`
	After    string `query:"after" max:"2000"`
}

type oneEntry struct {
	Position int64 `path:"position"`
}

type verifyForm struct {
	From       int64  `form:"from"`
	To         int64  `form:"to"`
	Checkpoint string `form:"checkpoint" max:"40"`
}

type auditList struct {
	Query auditQuery
	Rows  []soc.AuditEntry
	// Next goes on; the page before it may be short or empty.
	Next string
	// More says that filters beyond the first three are set.
	More bool
}

type integrityPage struct {
	Checkpoints []soc.SignedCheckpoint
	// Found is the result of the walk that was asked for, nil for none.
	Found *soc.AuditRangeVerification
	// Task is a walk that the worker goes on with, nil for none.
	Task *soc.VerificationTask
}

type integrityQuery struct {
	Verification string `query:"verification" jsonschema:"maxLength=36"`
}

// registerAudit adds the record: search, entries, and proving it whole.
func (c *Console) registerAudit() {
	add(c, Page{
		Method: http.MethodGet, Path: "/audit", Name: "audit_page", Who: Member, Role: soc.RoleManager,
		Nav: &Nav{Title: "Audit", Key: "u", Order: 80},
	}, c.audit)
	add(c, Page{Method: http.MethodGet, Path: "/audit/{position}", Name: "audit_entry_page", Who: Member, Role: soc.RoleManager, Section: "/audit"}, c.auditEntry)
	add(c, Page{Method: http.MethodGet, Path: "/audit/integrity", Name: "audit_integrity_page", Who: Member, Role: soc.RoleManager, Section: "/audit"}, c.integrity)
	add(c, Page{
		Method: http.MethodPost, Path: "/audit/integrity", Name: "verify_audit", Who: Member, Role: soc.RoleManager, Back: "/audit/integrity",
	}, c.verifyAudit)
}

func (c *Console) audit(ctx context.Context, by soc.Actor, in auditQuery) (View, error) {
	f := soc.AuditFilter{
		Incident: in.Incident, Event: in.Event, Actor: in.Actor, Code: soc.Code(in.Code), Gamebook: in.Gamebook, Run: in.Run, RequestID: in.Request, Limit: auditRows,
	}
	var err error
	if f.From, err = momentOf("from", in.From); err != nil {
		return View{}, err
	}
	if f.To, err = momentOf("to", in.To); err != nil {
		return View{}, err
	}
	after, err := c.position(by, "audit", in.After, in)
	if err != nil {
		return View{}, err
	}
	if after != nil {
		f.Before, _ = strconv.ParseInt(after.Value, 10, 64)
	}
	found, err := c.desk.FindAudit(ctx, by, f)
	if err != nil {
		return View{}, err
	}
	list := auditList{Query: in, Rows: found.Entries, More: in.Code+in.Gamebook+in.Run+in.Request != ""}
	if found.Next != 0 {
		list.Next, err = c.more(by, c.at(by, "/audit"), "audit", in, &soc.Keyset{Value: strconv.FormatInt(found.Next, 10)})
	}
	return View{Template: "audit", Title: "Audit", Data: list}, err
}

// momentOf reads what a browser's field for date and time holds, taken as UTC,
// or a whole RFC 3339 time.
func momentOf(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, soc.InvalidField(name, "must be a time such as 2026-01-31T23:59, in UTC")
}

func (c *Console) auditEntry(ctx context.Context, by soc.Actor, in oneEntry) (View, error) {
	entry, err := c.desk.GetAudit(ctx, by, in.Position)
	return View{Template: "audit-entry", Title: "Audit entry", Data: entry}, err
}

func (c *Console) integrity(ctx context.Context, by soc.Actor, in integrityQuery) (View, error) {
	page := integrityPage{}
	if in.Verification != "" {
		task, err := c.desk.GetVerification(ctx, by, in.Verification)
		if err != nil {
			return View{}, err
		}
		page.show(task)
	}
	var err error
	page.Checkpoints, err = c.desk.ListCheckpoints(ctx, by)
	return View{Template: "audit-integrity", Title: "Integrity of the audit", Data: page}, err
}

// show is a walk of the worker's: that it goes on, or what it found.
func (p *integrityPage) show(task soc.VerificationTask) {
	if task.State == soc.TaskDone {
		p.Found = &task.Found
		return
	}
	p.Task = &task
}

// verifyAudit answers with the page of the form and what was found above it.
func (c *Console) verifyAudit(ctx context.Context, by soc.Actor, in verifyForm) (View, error) {
	out, err := c.desk.VerifyAuditRange(ctx, by, soc.AuditRange{From: in.From, To: in.To, Checkpoint: in.Checkpoint})
	if err != nil {
		return View{}, err
	}
	page := integrityPage{}
	if out.Task != nil {
		page.show(*out.Task)
	} else {
		page.Found = &out.Found
	}
	page.Checkpoints, err = c.desk.ListCheckpoints(ctx, by)
	return View{Template: "audit-integrity", Title: "Integrity of the audit", Data: page}, err
}
