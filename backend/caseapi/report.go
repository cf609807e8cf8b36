package caseapi

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
)

func (d *door) registerReports() {
	get := reading("/cases/{id}/report", "get_report", "The report a case was resolved with.", soc.ScopeCasesRead)
	get.Produces = []string{"text/markdown", "application/json", "text/html"}
	web.Register(d.registry, d.family, get, d.getReport)
}

// caseReport is a report as other answers name it.
type caseReport struct {
	ID      string   `json:"id"`
	Version int      `json:"version"`
	Formats []string `json:"formats"`
	SHA256  string   `json:"sha256" jsonschema_description:"Of the JSON form, byte for byte."`
}

func drawReport(p soc.StoredReport) *caseReport {
	return &caseReport{ID: soc.CaseID(soc.CasePrefixReport, p.ID), Version: p.Version, Formats: []string{"json", "markdown", "html"}, SHA256: p.SHA256}
}

type reportInput struct {
	caseInput
	Format  string `query:"format" jsonschema:"enum=json,enum=markdown,enum=html"`
	Version int    `query:"version" jsonschema:"minimum=1,maximum=1000000"`
}

// printable lets a page show its own inline style and nothing else.
const printable = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

func (d *door) getReport(ctx context.Context, by soc.Actor, in reportInput) (web.Reply[web.Content], error) {
	none := web.Reply[web.Content]{}
	p, err := d.desk.GetReport(ctx, by, in.ref(by), in.Version)
	if err != nil {
		return none, err
	}
	if in.Format == "json" {
		return web.OK(web.Content{Media: "application/json", Bytes: p.Body}), nil
	}
	var report soc.Report
	if err := json.Unmarshal(p.Body, &report); err != nil {
		return none, fmt.Errorf("a stored report does not read: %w", err)
	}
	var out bytes.Buffer
	if in.Format == "html" {
		err = reportPage.Execute(&out, report)
		return web.OK(web.Content{Media: "text/html; charset=utf-8", Policy: printable, Bytes: out.Bytes()}), err
	}
	writeMarkdown(&out, report)
	return web.OK(web.Content{Media: "text/markdown; charset=utf-8", Bytes: out.Bytes()}), nil
}

//go:embed template/report.html
var reportTemplate string

// reportPage escapes every value for where it stands (html/template); shown
// makes what could act on a reader visible besides.
var reportPage = template.Must(template.New("report").Funcs(template.FuncMap{
	"shown": soc.EscapeVisible, "lines": shownLines, "dash": orDash, "span": span, "data": dataLine, "head": headRows, "action": actionCells,
}).Parse(reportTemplate))

// shownLines is text of several lines, each made visible.
func shownLines(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for n, line := range lines {
		lines[n] = soc.EscapeVisible(line)
	}
	return strings.Join(lines, "\n")
}

func orDash(value any) string {
	switch v := value.(type) {
	case *string:
		if v != nil && *v != "" {
			return soc.EscapeVisible(*v)
		}
	case string:
		if v != "" {
			return soc.EscapeVisible(v)
		}
	}
	return "–"
}

// span is a number of seconds as people say it.
func span(seconds *int64) string {
	if seconds == nil {
		return "–"
	}
	return (time.Duration(*seconds) * time.Second).String()
}

// dataLine is the data of a timeline entry: JSON with sorted members.
func dataLine(data map[string]any) string {
	if len(data) == 0 {
		return ""
	}
	text, err := json.Marshal(data)
	if err != nil {
		return ""
	}
	return soc.EscapeVisible(string(text))
}

// markdownSigns are what Markdown could take for its own.
var markdownSigns = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "(", `\(`, ")", `\)`, "#", `\#`, "|", `\|`, "!", `\!`, "~", `\~`, "-", `\-`, "+", `\+`,
	"<", "&lt;", ">", "&gt;", "&", "&amp;", "@", "&#64;", "://", ":&#47;/", "www.", "www&#46;",
)

// inertText is text that Markdown shows and does nothing with: no link, image, HTML
// or heading comes of it.
func inertText(text string) string { return markdownSigns.Replace(soc.EscapeVisible(text)) }

func writeMarkdown(out *bytes.Buffer, r soc.Report) {
	line := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	row := func(cells ...string) { line("| %s |", strings.Join(cells, " | ")) }
	quote := func(text string) {
		for _, l := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
			line("> %s", inertText(l))
		}
		line("")
	}
	line("# %s: %s\n", inertText(r.Case.Number), inertText(r.Case.Title))
	row("", "")
	row("---", "---")
	for _, pair := range headRows(r) {
		row(pair[0], inertText(pair[1]))
	}
	line("\n## Root cause\n")
	quote(r.Outcome.RootCause)
	line("## Narrative\n")
	quote(r.Outcome.Narrative)
	table := func(title string, heads []string, count int, cells func(n int) []string) {
		line("## %s\n", title)
		if count == 0 {
			line("None.\n")
			return
		}
		row(heads...)
		row(strings.Split(strings.TrimSuffix(strings.Repeat("---,", len(heads)), ","), ",")...)
		for n := range count {
			values := cells(n)
			for k := range values {
				values[k] = inertText(values[k])
			}
			row(values...)
		}
		line("")
	}
	table("Timeline", []string{"At", "By", "What", "Data"}, len(r.Timeline), func(n int) []string {
		e := r.Timeline[n]
		return []string{e.At, e.By + " " + e.ByKind, e.Kind, dataLine(e.Data)}
	})
	table("Observables", []string{"Type", "Value", "Provenance", "Sightings", "First seen", "Last seen"}, len(r.Observables), func(n int) []string {
		o := r.Observables[n]
		return []string{o.Type, o.Value, o.Provenance, fmt.Sprint(o.Sightings), o.FirstSeen, o.LastSeen}
	})
	table("ATT&CK", []string{"Technique", "Tactics"}, len(r.Attack), func(n int) []string {
		return []string{r.Attack[n].Technique, strings.Join(r.Attack[n].Tactics, ", ")}
	})
	table("Cited evidence", []string{"Id", "At", "Source", "Type", "Summary", "Provenance"}, len(r.Evidence), func(n int) []string {
		e := r.Evidence[n]
		return []string{e.ID, e.At, e.Source, e.Type, e.Summary, e.Provenance}
	})
	table("Actions", []string{"Gamebook", "Status", "Class, impact", "Requested", "Steps and what was read back", "Decisions", "Undoes"}, len(r.Actions), func(n int) []string {
		return actionCells(r.Actions[n])
	})
	table("Files", []string{"Id", "Name", "Bytes", "SHA-256"}, len(r.Attachments), func(n int) []string {
		f := r.Attachments[n]
		return []string{f.ID, f.Filename, fmt.Sprint(f.Size), f.SHA256}
	})
	line("Comments: %d. Record: entries %d to %d, `%s`.", r.Comments, r.Audit.From, r.Audit.To, r.Audit.Hash)
}

// headRows are the facts at the top of a report.
func headRows(r soc.Report) [][2]string {
	breached := strings.Join(r.Case.Breached, ", ")
	return [][2]string{
		{"Case", r.Case.ID},
		{"Severity", r.Case.Severity},
		{"Source", r.Case.Source},
		{"Verdict", orDash(r.Outcome.Verdict)},
		{"Classification", strings.TrimSuffix(r.Outcome.Classification+" / "+r.Outcome.Reason, " / ")},
		{"Duplicate of", orDash(r.Outcome.DuplicateOf)},
		{"Created", r.Case.CreatedAt},
		{"Resolved", r.Case.ResolvedAt},
		{"Resolved by", r.Outcome.ResolvedBy},
		{"Time to acknowledge", span(r.Case.AcknowledgeSeconds)},
		{"Time to triage", span(r.Case.TriageSeconds)},
		{"Time to resolve", span(r.Case.ResolveSeconds)},
		{"Targets missed", orDash(breached)},
		{"Report", fmt.Sprintf("version %d", r.Version)},
	}
}

// actionCells are an action in one row.
func actionCells(a soc.ReportAction) []string {
	steps, decisions := make([]string, len(a.Steps)), make([]string, len(a.Decisions))
	for n, s := range a.Steps {
		steps[n] = s.Playbook + " on " + s.Target + ": " + s.Status
		if s.Seen != "" {
			steps[n] += " (expected " + s.Expected + ", seen " + s.Seen + ")"
		}
	}
	for n, p := range a.Decisions {
		word := "denied"
		if p.Approved {
			word = "approved"
		}
		decisions[n] = p.By + " (" + p.Role + ") " + word + " at " + p.At
	}
	return []string{a.GamebookID, a.Status, a.Class + ", " + a.Impact, a.RequestedBy + " at " + a.RequestedAt, strings.Join(steps, "; "), strings.Join(decisions, "; "), orDash(a.Undoes)}
}
