package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"vedette/backend/soc"
)

type policyCommand struct {
	Show     showPolicyCommand     `cmd:"" help:"Show the policy in force, or a version of it."`
	Diff     diffPolicyCommand     `cmd:"" help:"Say what a file would change, and which way each change goes."`
	Apply    applyPolicyCommand    `cmd:"" help:"Put the policy of a file in force, with the authority of the host."`
	Validate validatePolicyCommand `cmd:"" help:"Say what is wrong with files; opens no database and stores nothing."`
	History  historyPolicyCommand  `cmd:"" help:"List who made which version."`
}

type showPolicyCommand struct {
	Workspace string `help:"Workspace by id or name; not needed where there is one." placeholder:"WORKSPACE"`
	Version   int64  `help:"A version, not what is in force." placeholder:"N"`
}

// Run prints a table of members. The policy of --json is a document that diff
// and apply read.
func (c *showPolicyCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openWorkspace(ctx, "policy show", c.Workspace)
	if err != nil {
		return err
	}
	defer l.close()
	facts, err := l.desk.GetPolicy(ctx, l.host, l.host.Workspace)
	if err != nil {
		return err
	}
	loaded, version := facts.PolicyLoaded && facts.ProtectedLoaded, facts.Version
	var doc *soc.PolicyDocument
	switch {
	case c.Version != 0:
		v, err := l.desk.GetPolicyVersion(ctx, l.host, l.host.Workspace, c.Version)
		if err != nil {
			return err
		}
		doc, version = &v.Document, v.Version
	case loaded:
		now := facts.Document()
		doc = &now
	}
	rows := [][]string{{"MEMBER", "VALUE"}, {"version", strconv.FormatInt(version, 10)}}
	for _, fault := range facts.Faults {
		rows = append(rows, []string{"NOT LOADED", fault})
	}
	if doc != nil {
		members, err := membersOf(*doc)
		if err != nil {
			return err
		}
		rows = append(rows, members...)
	}
	return e.print(map[string]any{
		"workspace": facts.Workspace, "policy_version": version, "loaded": loaded, "faults": append([]string{}, facts.Faults...), "policy": doc,
	}, rows)
}

// membersOf lists every member of a document with its path.
func membersOf(doc soc.PolicyDocument) (rows [][]string, err error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, err
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				walk(path+"/"+name, member)
			}
		case []any:
			for i, member := range v {
				walk(fmt.Sprintf("%s/%d", path, i), member)
			}
		case nil:
			rows = append(rows, []string{path, "-"})
		default:
			rows = append(rows, []string{path, fmt.Sprint(v)})
		}
	}
	walk("", tree)
	slices.SortFunc(rows, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return rows, nil
}

// readPolicy reads a document from YAML or JSON: the policy itself, or what
// `policy show --json` prints. "-" is standard input.
func readPolicy(e *environment, name string) (soc.PolicyDocument, error) {
	var doc soc.PolicyDocument
	data, err := readInput(e, name)
	if err != nil {
		return doc, err
	}
	var tree map[string]any
	if err := yaml.Unmarshal(data, &tree); err != nil {
		return doc, fmt.Errorf("%s: %w", name, err)
	}
	if policy, wrapped := tree["policy"].(map[string]any); wrapped {
		tree = policy
	}
	text, err := json.Marshal(tree)
	if err != nil {
		return doc, fmt.Errorf("%s: %w", name, err)
	}
	doc, err = soc.ParsePolicy(text)
	if err != nil {
		return doc, fmt.Errorf("%s: %w", name, err)
	}
	return doc, nil
}

type diffPolicyCommand struct {
	File      string `arg:"" help:"A policy as YAML or JSON; - is standard input."`
	Workspace string `help:"Workspace by id or name; not needed where there is one." placeholder:"WORKSPACE"`
}

func (c *diffPolicyCommand) Run(ctx context.Context, e *environment) error {
	doc, err := readPolicy(e, c.File)
	if err != nil {
		return err
	}
	l, err := e.openWorkspace(ctx, "policy diff", c.Workspace)
	if err != nil {
		return err
	}
	defer l.close()
	diff, err := l.desk.ComparePolicy(ctx, l.host, l.host.Workspace, doc)
	if err != nil {
		return err
	}
	return e.printDiff(map[string]any{"workspace": l.host.Workspace}, diff)
}

func (e *environment) printDiff(value map[string]any, diff []soc.PolicyDifference) error {
	value["direction"], value["diff"] = soc.DirectionOf(diff), append([]soc.PolicyDifference{}, diff...)
	rows := [][]string{{"DIRECTION", "MEMBER", "FROM", "TO"}}
	for _, d := range diff {
		rows = append(rows, []string{string(d.Direction), d.Path, sideText(d.From), sideText(d.To)})
	}
	if len(diff) == 0 {
		rows = [][]string{{"Nothing differs."}}
	}
	return e.print(value, rows)
}

// sideText is a value in a table.
func sideText(v any) string {
	if v == nil {
		return "-"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return string(text)
}

type applyPolicyCommand struct {
	File      string `arg:"" help:"A policy as YAML or JSON; - is standard input."`
	Workspace string `help:"Workspace by id or name; not needed where there is one." placeholder:"WORKSPACE"`
	Reason    string `help:"Why, for the audit." placeholder:"TEXT"`
}

// Run acts with the host's authority, which no second person stands behind; the
// audit says so.
func (c *applyPolicyCommand) Run(ctx context.Context, e *environment) error {
	doc, err := readPolicy(e, c.File)
	if err != nil {
		return err
	}
	l, err := e.openWorkspace(ctx, "policy apply", c.Workspace)
	if err != nil {
		return err
	}
	defer l.close()
	out, err := l.desk.ApplyPolicy(ctx, l.host, l.host.Workspace, doc, c.Reason)
	if err != nil {
		return err
	}
	return e.printDiff(map[string]any{"workspace": l.host.Workspace, "policy_version": out.Policy.Version, "applied": out.Made}, out.Diff)
}

type validatePolicyCommand struct {
	Files []string `arg:"" help:"Policies as YAML or JSON; - is standard input."`
}

func (c *validatePolicyCommand) Run(e *environment) error {
	values, rows, bad := []map[string]any{}, [][]string{{"FILE", "MEMBER", "PROBLEM"}}, 0
	for _, name := range c.Files {
		_, err := readPolicy(e, name)
		problems := []map[string]any{}
		var known *soc.Error
		switch {
		case err == nil:
			rows = append(rows, []string{name, "-", "none"})
		case errors.As(err, &known) && len(known.Fields) > 0:
			paths := make([]string, 0, len(known.Fields))
			for path := range known.Fields {
				paths = append(paths, path)
			}
			slices.Sort(paths)
			for _, path := range paths {
				message := strings.Join(known.Fields[path], " ")
				problems = append(problems, map[string]any{"path": path, "message": message})
				rows = append(rows, []string{name, dash(path), message})
			}
		default:
			problems = append(problems, map[string]any{"path": "", "message": err.Error()})
			rows = append(rows, []string{name, "-", err.Error()})
		}
		bad += len(problems)
		values = append(values, map[string]any{"file": name, "valid": len(problems) == 0, "errors": problems})
	}
	if err := e.print(map[string]any{"valid": bad == 0, "files": values}, rows); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d problems; nothing was stored", bad)
	}
	return nil
}

type historyPolicyCommand struct {
	Workspace string `help:"Workspace by id or name; not needed where there is one." placeholder:"WORKSPACE"`
	Limit     int    `default:"50" help:"At most so many, newest first (1-200)." placeholder:"N"`
}

func (c *historyPolicyCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openWorkspace(ctx, "policy history", c.Workspace)
	if err != nil {
		return err
	}
	defer l.close()
	versions, _, err := l.desk.ListPolicyVersions(ctx, l.host, l.host.Workspace, 0, c.Limit)
	if err != nil {
		return err
	}
	values, rows := []map[string]any{}, [][]string{{"VERSION", "AT", "BY", "WHAT", "DIRECTION", "MEMBERS", "REASON"}}
	for _, v := range versions {
		values = append(values, map[string]any{
			"version": v.Version, "at": timeJSON(v.At), "by_kind": v.ByKind, "by": v.By, "event": v.Event, "target": v.Target,
			"confirmed_by": append([]string{}, v.Confirmed...), "direction": v.Direction, "reason": v.Reason, "diff": append([]soc.PolicyDifference{}, v.Diff...),
		})
		rows = append(rows, []string{
			strconv.FormatInt(v.Version, 10), timeText(v.At), string(v.ByKind) + " " + v.By, v.Event, string(v.Direction), strconv.Itoa(len(v.Diff)), dash(v.Reason),
		})
	}
	return e.print(map[string]any{"workspace": l.host.Workspace, "versions": values}, rows)
}
