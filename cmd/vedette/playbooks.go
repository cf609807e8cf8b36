package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vedette/backend/playbook"
	"vedette/backend/soc"
)

type playbooksCommand struct {
	List     listPlaybooksCommand     `cmd:"" help:"List the triage playbooks of a workspace."`
	Validate validatePlaybooksCommand `cmd:"" help:"Say what is wrong with files; opens no database and stores nothing."`
	Import   importPlaybooksCommand   `cmd:"" help:"Put the playbooks of files in force, with the authority of the host."`
	Export   exportPlaybooksCommand   `cmd:"" help:"Print the workspace's own playbooks as a file that import reads."`
}

type listPlaybooksCommand struct {
	Workspace string `help:"Workspace by id or name; not needed where there is one." placeholder:"WORKSPACE"`
}

func (c *listPlaybooksCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openWorkspace(ctx, "playbooks list", c.Workspace)
	if err != nil {
		return err
	}
	defer l.close()
	all, err := l.desk.ListTriagePlaybooks(ctx, l.host)
	if err != nil {
		return err
	}
	values, rows := []map[string]any{}, [][]string{{"NAME", "VERSION", "ENABLED", "KIND", "WAITS", "CHANGED", "DESCRIPTION"}}
	for _, p := range all {
		kind, waits := "procedure", "-"
		switch {
		case p.Digest != "":
			kind = "own"
		case p.BuiltIn:
			kind = "built-in"
		}
		value := map[string]any{
			"name": p.Name, "version": p.Version, "enabled": p.Enabled, "kind": kind, "description": p.Description, "digest": p.Digest,
			"updated_at": timeJSON(p.UpdatedAt), "pending": nil,
		}
		if v := p.Pending; v != nil {
			waits = fmt.Sprintf("version %d, %d of %d", v.Version, len(v.Confirmations), soc.TriageConfirmationsNeeded)
			value["pending"] = map[string]any{"version": v.Version, "digest": v.Digest, "confirmations": len(v.Confirmations), "expires_at": timeJSON(v.ExpiresAt)}
		}
		values = append(values, value)
		rows = append(rows, []string{p.Name, strconv.Itoa(p.Version), map[bool]string{true: "yes", false: "no"}[p.Enabled], kind, waits, timeText(p.UpdatedAt), p.Description})
	}
	return e.print(map[string]any{"workspace": l.host.Workspace, "playbooks": values}, rows)
}

type validatePlaybooksCommand struct {
	Files []string `arg:"" help:"Files of triage playbooks; - is standard input."`
}

// Run checks against the catalogue of this program. Whether a procedure exists
// only its workspace knows, and import asks it.
func (c *validatePlaybooksCommand) Run(e *environment) error {
	values, rows, bad := []map[string]any{}, [][]string{{"FILE", "PLAYBOOKS", "LINE", "MEMBER", "PROBLEM"}}, 0
	for _, name := range c.Files {
		drafts, problems, err := readPlaybooks(e, name, nil)
		if err != nil {
			return err
		}
		values = append(values, map[string]any{"file": name, "valid": len(problems) == 0, "playbooks": len(drafts), "errors": append([]playbook.Problem{}, problems...)})
		if len(problems) == 0 {
			rows = append(rows, []string{name, strconv.Itoa(len(drafts)), "-", "-", "none"})
		}
		for _, p := range problems {
			bad++
			rows = append(rows, []string{name, "-", strconv.Itoa(p.Line), p.Path, p.Message})
		}
	}
	if err := e.print(map[string]any{"valid": bad == 0, "files": values}, rows); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d problems; nothing was stored", bad)
	}
	return nil
}

// readPlaybooks reads a file; what is wrong with it are problems, not an error.
func readPlaybooks(e *environment, name string, known []string) ([]soc.TriageDraft, []playbook.Problem, error) {
	data, err := readInput(e, name)
	if err != nil {
		return nil, nil, err
	}
	drafts, err := playbook.Shipped().LoadTriage(data, known)
	if err == nil {
		return drafts, nil, nil
	}
	return nil, playbook.ProblemsOf(err), nil
}

type importPlaybooksCommand struct {
	Files     []string `arg:"" help:"Files of triage playbooks; - is standard input."`
	Workspace string   `help:"Workspace by id or name; not needed where there is one." placeholder:"WORKSPACE"`
}

// Run checks every file before it changes anything. A playbook that says the
// same already is left alone.
func (c *importPlaybooksCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openWorkspace(ctx, "playbooks import", c.Workspace)
	if err != nil {
		return err
	}
	defer l.close()
	have, err := l.desk.ListTriagePlaybooks(ctx, l.host)
	if err != nil {
		return err
	}
	known := []string{}
	for _, p := range have {
		if p.Digest == "" && p.SOP != "" {
			known = append(known, p.SOP)
		}
	}
	var drafts []soc.TriageDraft
	for _, name := range c.Files {
		read, problems, err := readPlaybooks(e, name, known)
		if err != nil {
			return err
		}
		if len(problems) > 0 {
			return problemText(name, problems)
		}
		drafts = append(drafts, read...)
	}
	values, rows := []map[string]any{}, [][]string{{"NAME", "RESULT", "VERSION"}}
	for _, draft := range drafts {
		result, p, err := l.importPlaybook(ctx, have, draft)
		if err != nil {
			return fmt.Errorf("%s: %w", draft.Name, err)
		}
		values = append(values, map[string]any{"name": p.Name, "result": result, "version": p.Version, "digest": p.Digest})
		rows = append(rows, []string{p.Name, result, strconv.Itoa(p.Version)})
	}
	return e.print(map[string]any{"workspace": l.host.Workspace, "playbooks": values}, rows)
}

func (l *local) importPlaybook(ctx context.Context, have []soc.TriagePlaybook, draft soc.TriageDraft) (result string, p soc.TriagePlaybook, err error) {
	n := slices.IndexFunc(have, func(p soc.TriagePlaybook) bool { return p.Name == draft.Name })
	if n < 0 {
		p, err = l.desk.CreateTriagePlaybook(ctx, l.host, draft)
		return "created", p, err
	}
	result = "changed"
	if soc.SameTriageDraft(have[n].TriageDraft, draft) {
		result = "unchanged"
	}
	p, err = l.desk.ChangeTriagePlaybook(ctx, l.host, draft.Name, draft, soc.IfMatch{})
	return result, p, err
}

// problemText is a file's problems as one error, a line each.
func problemText(name string, problems []playbook.Problem) error {
	lines := make([]string, len(problems))
	for i, p := range problems {
		lines[i] = fmt.Sprintf("  line %d: %s: %s", p.Line, soc.EscapeVisible(p.Path), soc.EscapeVisible(p.Message))
	}
	return fmt.Errorf("%s: nothing was stored\n%s", name, strings.Join(lines, "\n"))
}

type exportPlaybooksCommand struct {
	Names     []string `arg:"" optional:"" help:"Names; default all of the workspace's own."`
	Workspace string   `help:"Workspace by id or name; not needed where there is one." placeholder:"WORKSPACE"`
}

// Run writes what is in force. With --json it prints the drafts themselves.
func (c *exportPlaybooksCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openWorkspace(ctx, "playbooks export", c.Workspace)
	if err != nil {
		return err
	}
	defer l.close()
	all, err := l.desk.ListTriagePlaybooks(ctx, l.host)
	if err != nil {
		return err
	}
	drafts := []soc.TriageDraft{}
	for _, p := range all {
		if p.Digest != "" && (len(c.Names) == 0 || slices.Contains(c.Names, p.Name)) {
			drafts = append(drafts, p.TriageDraft)
		}
	}
	for _, name := range c.Names {
		if !slices.ContainsFunc(drafts, func(d soc.TriageDraft) bool { return d.Name == name }) {
			return soc.NotFoundf("The workspace has no playbook %s of its own.", soc.DisplayName(name)).WithFix("`vedette playbooks list` shows them.")
		}
	}
	if e.program.JSON {
		return e.print(map[string]any{"workspace": l.host.Workspace, "playbooks": drafts}, nil)
	}
	text, err := playbook.WriteTriage(drafts)
	if err != nil {
		return err
	}
	_, err = e.out.Write(text)
	return err
}

// openWorkspace opens the database for a command about one workspace.
func (e *environment) openWorkspace(ctx context.Context, operation, name string) (*local, error) {
	l, err := e.openLocal(ctx, operation)
	if err != nil {
		return nil, err
	}
	w, err := l.workspaceOrOnly(ctx, name)
	if err != nil {
		l.close()
		return nil, err
	}
	l.host.Workspace, l.host.Organization = w.ID, w.Organization
	return l, nil
}
