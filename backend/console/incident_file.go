package console

import (
	"context"
	"net/http"
	"strconv"

	"vedette/backend/soc"
)

// evidenceRows is how many rows one page of evidence shows.
const evidenceRows = 100

type evidenceQuery struct {
	Incident string `path:"incident" max:"64"`
	Search   string `query:"q" max:"200"`
	Type     string `query:"type" max:"64"`
	Entity   string `query:"entity" max:"64"`
	After    string `query:"after" max:"2000"`
}

type evidencePage struct {
	In       evidenceQuery
	Incident soc.Incident
	Rows     []soc.Evidence
	Total    int
	Next     string
	First    string
}

type oneEvidence struct {
	Incident string `path:"incident" max:"64"`
	Number   string `path:"number" max:"12"`
}

type evidenceRow struct {
	Incident soc.Incident
	Row      soc.Evidence
	Previous int
	Next     int
}

type oneAlert struct {
	Incident string `path:"incident" max:"64"`
	Alert    string `path:"alert" max:"64"`
}

type oneFile struct {
	Incident   string `path:"incident" max:"64"`
	Attachment string `path:"attachment" max:"64"`
}

type oneReport struct {
	Incident string `path:"incident" max:"64"`
	Version  int64  `query:"version"`
	File     bool   `query:"file"`
}

// registerIncidentFiles adds what an incident is made of: every row of its
// evidence, the bytes that came in, its files and its report.
func (c *Console) registerIncidentFiles() {
	page := func(path, name string) Page {
		return Page{Method: http.MethodGet, Path: "/incidents/{incident}" + path, Name: name, Who: Member, Role: soc.RoleViewer, Section: "/incidents"}
	}
	add(c, page("/evidence", "evidence_page"), c.evidenceList)
	add(c, page("/evidence/{number}", "evidence_row_page"), c.evidenceOne)
	add(c, page("/alerts/{alert}/raw", "alert_raw"), c.alertRaw)
	add(c, page("/attachments/{attachment}", "attachment_file"), c.attachmentFile)
	add(c, page("/report", "report_page"), c.report)
}

func (c *Console) evidenceList(ctx context.Context, by soc.Actor, in evidenceQuery) (View, error) {
	after, err := c.position(by, "evidence of "+in.Incident, in.After, in)
	if err != nil {
		return View{}, err
	}
	found, err := c.desk.SearchEvidence(ctx, by, soc.IncidentRef{ID: in.Incident}, soc.EvidenceFilter{
		Query: in.Search, Type: in.Type, Entity: in.Entity, After: after, Limit: evidenceRows,
	})
	if err != nil {
		return View{}, err
	}
	address := c.at(by, "/incidents", in.Incident) + "/evidence"
	view := evidencePage{In: in, Incident: found.Incident, Rows: found.Rows, Total: found.Total}
	if after != nil {
		view.First = withQuery(address, stated(in))
	}
	view.Next, err = c.more(by, address, "evidence of "+in.Incident, in, found.Next)
	return View{Template: "evidence", Title: "Evidence of " + found.Incident.ShortID, Data: view}, err
}

func (c *Console) evidenceOne(ctx context.Context, by soc.Actor, in oneEvidence) (View, error) {
	number, ok := soc.ParseEvidenceID(in.Number)
	if !ok {
		return View{}, soc.NotFoundf("There is no such row of evidence.").WithFix("Rows are called E1, E2 and so on.")
	}
	incident, rows, err := c.desk.GetEvidence(ctx, by, soc.IncidentRef{ID: in.Incident}, []int{number})
	if err != nil {
		return View{}, err
	}
	view := evidenceRow{Incident: incident, Row: rows[0], Previous: number - 1}
	if number < incident.EvidenceCount {
		view.Next = number + 1
	}
	return View{Template: "evidence-row", Title: soc.EvidenceID(number) + " of " + incident.ShortID, Data: view}, nil
}

// alertRaw is what the sender sent, byte for byte, as a download.
func (c *Console) alertRaw(ctx context.Context, by soc.Actor, in oneAlert) (View, error) {
	incident, err := c.desk.FindIncident(ctx, by, soc.IncidentRef{ID: in.Incident})
	if err != nil {
		return View{}, err
	}
	detail, err := c.desk.GetAlert(ctx, by, in.Alert, true)
	if err != nil {
		return View{}, err
	}
	if detail.Alert.CaseOf() != incident.ID {
		return View{}, soc.NotFoundf("There is no such alert of this incident.").WithFix("Open the incident and choose one of its alerts.")
	}
	return View{File: &File{Name: detail.Alert.ID + ".json", Media: "application/octet-stream", Body: detail.Raw}}, nil
}

// attachmentFile is a file's bytes, under a name and a type that nothing opens.
func (c *Console) attachmentFile(ctx context.Context, by soc.Actor, in oneFile) (View, error) {
	a, next, err := c.desk.OpenAttachment(ctx, by, soc.IncidentRef{ID: in.Incident}, in.Attachment)
	if err != nil {
		return View{}, err
	}
	return View{File: &File{Name: a.Name, Media: "application/octet-stream", Size: a.Size, Chunks: next}}, nil
}

// report is what a closed incident was closed with: to read, to print, or as
// the file whose hash stands on it.
func (c *Console) report(ctx context.Context, by soc.Actor, in oneReport) (View, error) {
	stored, err := c.desk.GetReport(ctx, by, soc.IncidentRef{ID: in.Incident}, int(in.Version))
	if err != nil {
		return View{}, err
	}
	if in.File {
		return View{File: &File{Name: in.Incident + "-report-" + strconv.Itoa(stored.Version) + ".json", Media: "application/json", Body: stored.Body}}, nil
	}
	view, err := readReport(stored)
	return View{Template: "report", Title: "Report of " + in.Incident, Data: view}, err
}
