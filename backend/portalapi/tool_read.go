package portalapi

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/schemas"
)

// registerReads adds the agent tools that look up a user, a device or what an
// entity has to do with other incidents. No directory, sign-in or endpoint
// product is connected for reading; the answers come from the workspace's own
// evidence and say so.
func (d *door) registerReads(registry *web.Registry, family *web.Family) {
	read := web.Operation{Method: "GET", Who: web.Scoped, Scope: soc.ScopeAgentToolsRead, MinRole: soc.RoleViewer, Rate: "agent-tools"}
	web.Register(registry, family, at(read, toolsPath+"/users/{userId}", "get_user_details", "What the alerts of the workspace say of a user."), d.userDetails)
	web.Register(registry, family, at(read, toolsPath+"/users/{userId}/signin-logs", "list_signin_logs", "The sign-ins of a user in the evidence, newest first."), d.toolSigninLogs)
	web.Register(registry, family, at(read, toolsPath+"/devices/{deviceId}/timeline", "get_device_timeline", "The evidence about a device around an alert, oldest first."), d.deviceTimeline)
	web.Register(registry, family, at(read, toolPath+"/related-by-entity", "related_incidents", "Other incidents in which a value was seen."), d.relatedByEntity)
}

type userInput struct {
	User string `path:"userId" jsonschema:"minLength=1,maxLength=512" jsonschema_description:"UPN, mail or object id."`
}

// userDetails answers null for what only a directory would know.
type userDetails struct {
	Success           bool    `json:"success"`
	Summary           string  `json:"summary"`
	Code              *string `json:"code"`
	UserID            *string `json:"user_id"`
	DisplayName       *string `json:"display_name"`
	UserPrincipalName *string `json:"user_principal_name"`
	Mail              *string `json:"mail"`
	JobTitle          *string `json:"job_title"`
	Department        *string `json:"department"`
	OfficeLocation    *string `json:"office_location"`
	MobilePhone       *string `json:"mobile_phone"`
}

func (d *door) userDetails(ctx context.Context, by soc.Actor, in userInput) (web.Reply[userDetails], error) {
	u, err := d.desk.GetUserDetails(ctx, by, in.User)
	if summary, code, refused := refusal("Not found", err); refused {
		return web.OK(userDetails{Summary: summary, Code: &code}), nil
	}
	if err != nil {
		return web.Reply[userDetails]{}, err
	}
	return web.OK(userDetails{
		Success: true, Summary: fmt.Sprintf("As alerts of %s describe the user. No directory is connected: job, department, office and phone are not known.", counted(u.Incidents, "incident")),
		UserID: textOrNull(u.ID), DisplayName: textOrNull(u.DisplayName), UserPrincipalName: textOrNull(u.UPN), Mail: textOrNull(u.Mail),
	}), nil
}

type toolSigninInput struct {
	userInput
	timeFilter
	auditNames
	Cursor string `query:"cursor" jsonschema:"minLength=1,maxLength=4096"`
}

// signinLogs is camelCase, as the reference tool is.
type signinLogs struct {
	DataTable       signinTable `json:"dataTable"`
	NextPageLink    *string     `json:"nextPageLink"`
	Message         string      `json:"message"`
	CanRetrieveData bool        `json:"canRetrieveData"`
}

// signinTable are rows as text: every row has a cell for every column.
type signinTable struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
}

// entityPosition is where a list about an entity continues. The window is fixed
// at the first call and travels along.
type entityPosition struct {
	Window window           `json:"w"`
	After  *soc.RowPosition `json:"a"`
}

// toolRows is how many rows a page of a reading tool has.
const toolRows = 100

func (d *door) toolSigninLogs(ctx context.Context, by soc.Actor, in toolSigninInput) (web.Reply[signinLogs], error) {
	none := web.Reply[signinLogs]{}
	span, err := in.timeFilter.window(d.now())
	if err != nil {
		return none, err
	}
	position := entityPosition{Window: span}
	b := binding(by, "signin-logs", in.User, []any{in.Type, in.Start, in.End})
	if in.Cursor != "" {
		if err := d.seal.OpenJSON(b, in.Cursor, &position); err != nil {
			return none, err
		}
	}
	in.claim(by)
	found, err := d.desk.ListSigninLogs(ctx, by, soc.EntityRows{Value: in.User, From: position.Window.From, To: position.Window.To, After: position.After, Limit: toolRows})
	if summary, _, refused := refusal("Not answered", err); refused {
		return web.OK(signinLogs{DataTable: signinTable{[]string{}, [][]string{}}, Message: summary}), nil
	}
	if err != nil {
		return none, err
	}
	out := signinLogs{DataTable: signinTable{[]string{}, [][]string{}}, CanRetrieveData: len(found.Rows) > 0 || position.After != nil}
	switch {
	case !found.Known:
		out.Message = "No sign-in product is connected, and no alert of this workspace names such a user."
		return web.OK(out), nil
	case len(found.Rows) == 0:
		out.Message = "No sign-in product is connected; the evidence of this workspace holds no sign-in of this user in the time asked for."
	default:
		out.Message = "From the evidence of this workspace; no sign-in product is connected, so other sign-ins may exist." + partly(found)
	}
	out.DataTable = drawTable(found.QueryResult)
	out.NextPageLink, err = d.nextRows(b, position, found)
	return web.OK(out), err
}

func partly(found soc.EntityRowsPage) string {
	if !found.Partial {
		return ""
	}
	return " Only the newest incidents were looked at."
}

// nextRows seals where a list about an entity continues.
func (d *door) nextRows(b web.Binding, position entityPosition, found soc.EntityRowsPage) (*string, error) {
	if found.Next == nil {
		return nil, nil
	}
	position.After = found.Next
	token, err := d.seal.SealJSON(b, position)
	return &token, err
}

// drawTable writes every value as text.
func drawTable(r soc.QueryResult) signinTable {
	out := signinTable{Columns: []string{}, Rows: make([][]string, len(r.Rows))}
	for _, c := range r.Columns {
		out.Columns = append(out.Columns, c.Name)
	}
	for n, row := range r.Rows {
		out.Rows[n] = make([]string, len(row))
		for i, v := range row {
			out.Rows[n][i] = cutCell(cellText(v))
		}
	}
	return out
}

func cellText(v any) string {
	switch v := drawValue(v).(type) {
	case nil:
		return ""
	case string:
		return v
	case schemas.Time:
		return v.String()
	case json.RawMessage:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}

type timelineInput struct {
	Device    string       `path:"deviceId" jsonschema:"minLength=1,maxLength=512" jsonschema_description:"Host name or device id."`
	AlertTime schemas.Time `query:"alertTime,required"`
	auditNames
	Cursor string `query:"cursor" jsonschema:"minLength=1,maxLength=4096"`
}

type timeline struct {
	Success      bool              `json:"success"`
	Summary      string            `json:"summary"`
	Code         *string           `json:"code"`
	RowCount     int               `json:"row_count"`
	Truncated    bool              `json:"truncated"`
	Columns      []string          `json:"columns"`
	Rows         [][]string        `json:"rows"`
	Constants    map[string]string `json:"constants"`
	NextPageLink *string           `json:"next_page_link"`
}

// timelineSpan is how far a timeline reaches to either side of the alert.
const timelineSpan = 12 * time.Hour

func (d *door) deviceTimeline(ctx context.Context, by soc.Actor, in timelineInput) (web.Reply[timeline], error) {
	none := web.Reply[timeline]{}
	alerted := time.Time(in.AlertTime).UTC()
	position := entityPosition{Window: window{alerted.Add(-timelineSpan), alerted.Add(timelineSpan)}}
	b := binding(by, "device-timeline", in.Device, alerted)
	if in.Cursor != "" {
		if err := d.seal.OpenJSON(b, in.Cursor, &position); err != nil {
			return none, err
		}
	}
	in.claim(by)
	empty := timeline{Columns: []string{}, Rows: [][]string{}, Constants: map[string]string{}}
	found, err := d.desk.GetDeviceTimeline(ctx, by, soc.EntityRows{Value: in.Device, From: position.Window.From, To: position.Window.To, After: position.After, Limit: toolRows})
	if err == nil && !found.Known {
		err = soc.Errorf(soc.Refused, soc.CodeUpstreamError, "No endpoint product is connected for reading, and no alert of this workspace names such a device.").
			WithFix("Take the host name or device id from an incident's entities.")
	}
	if summary, code, refused := refusal("Not answered", err); refused {
		empty.Summary, empty.Code = summary, &code
		return web.OK(empty), nil
	}
	if err != nil {
		return none, err
	}
	out := empty
	table := drawTable(found.QueryResult)
	out.Success, out.RowCount, out.Truncated = true, len(table.Rows), found.Next != nil
	out.Columns, out.Rows, out.Constants = foldConstants(table)
	out.Summary = fmt.Sprintf("%s of evidence within 12 hours of the alert, oldest first; no endpoint product is connected for reading, so the device did more than this.", counted(out.RowCount, "row")) + partly(found)
	out.NextPageLink, err = d.nextRows(b, position, found)
	return web.OK(out), err
}

// foldConstants takes out the columns in which all rows of a page agree.
func foldConstants(t signinTable) (columns []string, rows [][]string, constants map[string]string) {
	columns, rows, constants = []string{}, make([][]string, len(t.Rows)), map[string]string{}
	for n := range rows {
		rows[n] = []string{}
	}
	for c, name := range t.Columns {
		varies := len(t.Rows) < 2
		for _, row := range t.Rows {
			varies = varies || row[c] != t.Rows[0][c]
		}
		if !varies {
			constants[name] = t.Rows[0][c]
			continue
		}
		columns = append(columns, name)
		for n, row := range t.Rows {
			rows[n] = append(rows[n], row[c])
		}
	}
	return columns, rows, constants
}

type relatedByEntityInput struct {
	incidentInput
	Kind   string `query:"EntityKind,required" jsonschema_description:"One of the entity kinds, compared without regard to case."`
	Filter string `query:"EntityFilter,required" jsonschema:"minLength=1,maxLength=512"`
	timeFilter
	Token string `query:"ContinuationToken" jsonschema:"minLength=1,maxLength=4096"`
}

func (d *door) relatedByEntity(ctx context.Context, by soc.Actor, in relatedByEntityInput) (web.Reply[relatedIncidents], error) {
	return d.related(ctx, by, relatedQuestion{
		timeFilter: in.timeFilter, kind: in.Kind, value: in.Filter, token: in.Token, endpoint: "related-by-entity", source: in.Source, about: in.Incident,
		find: func(q soc.RelatedQuery) (soc.RelatedPage, error) {
			return d.desk.RelatedIncidents(ctx, by, in.ref(by), q)
		},
	})
}
