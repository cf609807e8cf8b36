package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"vedette/backend/soc"
)

// incidentRows is how many incidents one page of the list shows.
const incidentRows = 50

// incidentQuery is the address of a list: whatever it filters is in it, so that
// a list can be bookmarked and sent to a colleague.
type incidentQuery struct {
	Status   string `query:"status" enum:"open,any,new,active,contained,eradicated,recovered,closed"`
	Severity string `query:"severity" enum:"urgent,critical,high,medium,low,informational"`
	Verdict  string `query:"verdict" enum:"TruePositive,BenignPositive,FalsePositive,Undetermined,Suspicious"`
	Source   string `query:"source" max:"64"`
	// Assignee is me, none, or an address.
	Assignee string `query:"assignee" max:"320"`
	Held     bool   `query:"held"`
	Search   string `query:"q" max:"200"`
	From     day    `query:"from" max:"10"`
	To       day    `query:"to" max:"10"`
	Sort     string `query:"sort" enum:"-created_at,-updated_at,-severity,created_at"`
	After    string `query:"after" max:"2000"`
}

// day is a date of a form, in UTC.
type day struct{ time.Time }

// UnmarshalText reads 2026-05-14.
func (d *day) UnmarshalText(text []byte) (err error) {
	if d.Time, err = time.Parse(time.DateOnly, string(text)); err != nil {
		return errors.New("must be a date like 2026-05-14")
	}
	return nil
}

// String is the date as a form holds it, "" for none.
func (d day) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Format(time.DateOnly)
}

// incidentListView is what the list shows.
type incidentListView struct {
	In      incidentQuery
	Rows    []soc.Incident
	Views   []listView
	Sources []string
	// Total is the number of matches in words, "" where it was not counted.
	Total string
	// Next and First are addresses, "" for none. Narrowed is true where more than
	// the shipped view filters.
	Next, First string
	Narrowed    bool
}

// listView is a list that many people want, one click away.
type listView struct {
	Title, Query string
	Current      bool
}

var incidentViews = []listView{
	{Title: "Open"},
	{Title: "Mine", Query: "assignee=me"},
	{Title: "Unassigned", Query: "assignee=none"},
	{Title: "High and critical", Query: "severity=urgent"},
	{Title: "Waiting for a person", Query: "held=true"},
	{Title: "Closed", Query: "sort=-updated_at&status=closed"},
}

// registerIncidentList adds the queue of incidents.
func (c *Console) registerIncidentList() {
	add(c, Page{
		Method: http.MethodGet, Path: "/incidents", Name: "incidents_page", Who: Member, Role: soc.RoleViewer,
		Nav: &Nav{Title: "Incidents", Key: "i", Order: 20},
	}, c.incidentList)
}

// filter is what the desk is asked. Without a status it is the open ones: a
// queue, not an archive.
func (q incidentQuery) filter(me string) soc.IncidentFilter {
	f := soc.IncidentFilter{Query: q.Search, Sort: q.Sort, Limit: incidentRows}
	switch q.Status {
	case "", "open":
		f.Statuses = soc.OpenStatuses
	case "any":
	default:
		f.Statuses = []soc.Status{soc.Status(q.Status)}
	}
	switch q.Severity {
	case "":
	case "urgent":
		f.Severities = []soc.Severity{soc.SeverityCritical, soc.SeverityHigh}
	default:
		f.Severities = []soc.Severity{soc.Severity(q.Severity)}
	}
	if q.Verdict != "" {
		f.Verdicts = []soc.VerdictMark{{Verdict: soc.Verdict(q.Verdict)}}
		if f.Verdicts[0].Verdict == soc.VerdictUndetermined {
			f.Verdicts = append(f.Verdicts, soc.VerdictMark{Verdict: soc.VerdictUndetermined, Duplicate: true})
		}
	}
	if q.Source != "" {
		f.Sources = []string{q.Source}
	}
	switch q.Assignee {
	case "":
	case "me":
		f.AssigneeIDs = []string{me}
	case "none":
		f.Unassigned = true
	default:
		f.AssigneeEmails = []string{q.Assignee}
	}
	if q.Held {
		f.Held = &q.Held
	}
	if !q.From.IsZero() {
		f.CreatedAfter = q.From.Add(-time.Microsecond)
	}
	if !q.To.IsZero() {
		f.CreatedBefore = q.To.AddDate(0, 0, 1)
	}
	return f
}

func (c *Console) incidentList(ctx context.Context, by soc.Actor, in incidentQuery) (View, error) {
	address, filters, filter := c.at(by, "/incidents"), stated(in), in.filter(by.ID)
	var err error
	if filter.After, err = c.position(by, "incidents", in.After, in); err != nil {
		return View{}, err
	}
	// The matches are counted once, with the first page.
	var page soc.IncidentPage
	if in.After == "" {
		page, err = c.desk.ListIncidentsByPhase(ctx, by, filter, nil)
	} else {
		page, err = c.desk.ListIncidents(ctx, by, filter)
	}
	if err != nil {
		return View{}, err
	}
	view := incidentListView{In: in, Rows: page.Incidents, Narrowed: len(filters) > 0, Views: slices.Clone(incidentViews)}
	if view.Sources, err = c.desk.Sources(ctx, by); err != nil {
		return View{}, err
	}
	if in.Source != "" && !slices.Contains(view.Sources, in.Source) {
		view.Sources = append(view.Sources, in.Source)
	}
	for n := range view.Views {
		view.Views[n].Current = view.Views[n].Query == filters.Encode()
	}
	if in.After == "" {
		view.Total = counted(page.Total, page.TotalCapped)
	} else {
		view.First = withQuery(address, filters)
	}
	if view.Next, err = c.more(by, address, "incidents", in, page.Next); err != nil {
		return View{}, err
	}
	return View{Template: "incidents", Title: "Incidents", Data: view}, nil
}

// counted spells a count that may have been cut.
func counted(n int, capped bool) string {
	if capped {
		return "more than " + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// withQuery is an address with what stands behind the question mark.
func withQuery(address string, values url.Values) string {
	if len(values) == 0 {
		return address
	}
	return address + "?" + values.Encode()
}
