package main

import (
	"context"
	"strconv"

	"vedette/backend/soc"
)

type workspacesCommand struct {
	Create   createWorkspaceCommand `cmd:"" help:"Make a workspace with the shipped policy: nothing acts alone."`
	List     listWorkspacesCommand  `cmd:"" help:"List workspaces."`
	Change   changeWorkspaceCommand `cmd:"" help:"Lock a workspace against writes, or hold its incidents against deletion."`
	Settings settingsCommand        `cmd:"" help:"Show or change the agent settings of a severity, with the authority of the host."`
}

type createWorkspaceCommand struct {
	Name         string `arg:"" help:"Name of the workspace."`
	Organization string `help:"Organization by name or id; made when there is none." placeholder:"NAME"`
}

func (c *createWorkspaceCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "workspaces create")
	if err != nil {
		return err
	}
	defer l.close()
	o, err := l.organizationOrNew(ctx, c.Organization)
	if err != nil {
		return err
	}
	w, err := l.desk.CreateWorkspace(ctx, l.host, o.ID, c.Name)
	if err != nil {
		return err
	}
	return e.print(workspaceJSON(w), [][]string{{"workspace", w.ID}, {"organization", o.ID}})
}

// organizationOrNew finds an organization, and makes it where none of that name
// is there yet.
func (l *local) organizationOrNew(ctx context.Context, name string) (soc.Organization, error) {
	o, err := l.organization(ctx, name)
	if soc.KindOf(err) != soc.NotFound {
		return o, err
	}
	if name == "" {
		name = "Organization"
	}
	return l.desk.CreateOrganization(ctx, l.host, name)
}

func workspaceJSON(w soc.Workspace) map[string]any {
	return map[string]any{
		"id": w.ID, "name": w.Name, "organization": w.Organization, "locked": w.Locked, "legal_hold": w.LegalHold, "policy_version": w.PolicyVersion,
		"created_at": timeJSON(w.CreatedAt),
	}
}

type changeWorkspaceCommand struct {
	Workspace string `arg:"" help:"Workspace by id or name."`
	Locked    string `enum:",on,off" default:"" placeholder:"on|off" help:"Refuse every write but ingest."`
	LegalHold string `enum:",on,off" default:"" placeholder:"on|off" help:"Refuse to delete anything."`
	Reason    string `help:"Why, for the audit."`
}

func (c *changeWorkspaceCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "workspaces change")
	if err != nil {
		return err
	}
	defer l.close()
	w, err := l.workspace(ctx, c.Workspace)
	if err != nil {
		return err
	}
	w, err = l.desk.ChangeWorkspace(ctx, l.host, soc.WorkspaceChange{Workspace: w.ID, Locked: onOff(c.Locked), LegalHold: onOff(c.LegalHold), Reason: c.Reason})
	if err != nil {
		return err
	}
	word := map[bool]string{true: "on", false: "off"}
	return e.print(workspaceJSON(w), [][]string{{"workspace", w.ID}, {"locked", word[w.Locked]}, {"legal hold", word[w.LegalHold]}})
}

type listWorkspacesCommand struct{}

func (listWorkspacesCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "workspaces list")
	if err != nil {
		return err
	}
	defer l.close()
	all, err := l.desk.ListWorkspaces(ctx, l.host, "")
	if err != nil {
		return err
	}
	values, rows := make([]map[string]any, len(all)), [][]string{{"ID", "NAME", "ORGANIZATION", "POLICY", "CREATED"}}
	for i, w := range all {
		values[i] = workspaceJSON(w)
		rows = append(rows, []string{w.ID, w.Name, w.Organization, strconv.FormatInt(w.PolicyVersion, 10), timeText(w.CreatedAt)})
	}
	return e.print(map[string]any{"workspaces": values}, rows)
}

// settingsCommand changes what its flags name and leaves the rest.
type settingsCommand struct {
	Workspace           string                 `arg:"" help:"Workspace by id or name."`
	Severity            string                 `arg:"" enum:"informational,low,medium,high,critical,all" help:"informational, low, medium, high, critical or all."`
	Enabled             string                 `enum:",on,off" default:"" placeholder:"on|off" help:"Agents may work incidents of this severity."`
	Investigate         string                 `enum:",on,off" default:"" placeholder:"on|off" help:"Agents may investigate."`
	StatusUpdate        string                 `enum:",on,off" default:"" placeholder:"on|off" help:"Verdicts may change the status."`
	Gamebooks           string                 `enum:",on,off" default:"" placeholder:"on|off" help:"Response may run without approval, within the ceilings."`
	AutoClose           string                 `enum:",on,off" default:"" placeholder:"on|off" help:"Verdicts may close without a person."`
	GatingMode          string                 `enum:",queue,reject" default:"" placeholder:"queue|reject" help:"What happens to response while gamebooks are off."`
	MinEvidenceCoverage *float64               `placeholder:"0-1" help:"Share of evidence read before a verdict may close."`
	MaxScoreToClose     *int                   `placeholder:"0-100" help:"Highest score at which a verdict may close."`
	SamplePct           *int                   `placeholder:"0-100" help:"Share of closed incidents that people look at."`
	Webhook             map[soc.Verdict]string `help:"Webhook told of investigations that end with a verdict; an empty id ends it." placeholder:"VERDICT=ID"`
	Reason              string                 `help:"Why, for the audit."`
}

func (c *settingsCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "workspaces settings")
	if err != nil {
		return err
	}
	defer l.close()
	w, err := l.workspace(ctx, c.Workspace)
	if err != nil {
		return err
	}
	severities := soc.AllSeverities
	if c.Severity != "all" {
		severities = []soc.Severity{soc.Severity(c.Severity)}
	}
	facts, err := l.desk.GetPolicy(ctx, l.host, w.ID)
	for _, severity := range severities {
		if err == nil && c.changes() {
			facts, err = l.desk.ChangeSettings(ctx, l.host, c.change(w.ID, severity))
		}
	}
	if err != nil {
		return err
	}
	return e.printSettings(facts, severities)
}

// changes reports whether any setting is named.
func (c *settingsCommand) changes() bool {
	return c.Enabled+c.Investigate+c.StatusUpdate+c.Gamebooks+c.AutoClose+c.GatingMode != "" ||
		c.MinEvidenceCoverage != nil || c.MaxScoreToClose != nil || c.SamplePct != nil || len(c.Webhook) > 0
}

func (c *settingsCommand) change(workspace string, severity soc.Severity) soc.SettingsChange {
	change := soc.SettingsChange{
		Workspace: workspace, Severity: severity, Reason: c.Reason, Enabled: onOff(c.Enabled), Investigate: onOff(c.Investigate),
		StatusUpdate: onOff(c.StatusUpdate), Gamebooks: onOff(c.Gamebooks), AutoClose: onOff(c.AutoClose),
		MinEvidenceCoverage: c.MinEvidenceCoverage, MaxScoreToClose: c.MaxScoreToClose, SamplePct: c.SamplePct, Webhooks: c.Webhook,
	}
	if c.GatingMode != "" {
		change.GatingMode = &c.GatingMode
	}
	return change
}

// toldOf are the webhooks told of each verdict.
func toldOf(s soc.AgentSettings) map[soc.Verdict]string {
	told := map[soc.Verdict]string{}
	for verdict, on := range s.OnClassification {
		if on.Webhook != "" {
			told[verdict] = on.Webhook
		}
	}
	return told
}

// onOff is nil for a flag that was not given.
func onOff(word string) *bool {
	if word == "" {
		return nil
	}
	on := word == "on"
	return &on
}

func (e *environment) printSettings(facts soc.PolicyFacts, severities []soc.Severity) error {
	values := map[string]any{}
	rows := [][]string{{"SEVERITY", "ENABLED", "INVESTIGATE", "STATUS", "GAMEBOOKS", "AUTO-CLOSE", "GATING", "COVERAGE", "MAX SCORE", "SAMPLE"}}
	word := map[bool]string{true: "on", false: "off"}
	for _, severity := range severities {
		s, found := facts.Settings[severity]
		if !found {
			continue
		}
		values[string(severity)] = map[string]any{
			"enabled": s.Enabled, "investigate": s.Investigate, "status_update": s.StatusUpdate, "gamebooks": s.Gamebooks,
			"auto_close": s.AutoClose, "gating_mode": s.GatingMode, "min_evidence_coverage": s.MinEvidenceCoverage,
			"max_score_to_close": s.MaxScoreToClose, "sample_pct": s.SamplePct, "ceiling_clean": s.CeilingClean,
			"ceiling_tainted": s.CeilingTainted, "webhooks": toldOf(s),
		}
		rows = append(rows, []string{
			string(severity), word[s.Enabled], word[s.Investigate], word[s.StatusUpdate], word[s.Gamebooks], word[s.AutoClose],
			s.GatingMode, strconv.FormatFloat(s.MinEvidenceCoverage, 'g', -1, 64), strconv.Itoa(s.MaxScoreToClose), strconv.Itoa(s.SamplePct),
		})
	}
	rows = append(rows, []string{"policy version", strconv.FormatInt(facts.Version, 10)})
	for _, fault := range facts.Faults {
		rows = append(rows, []string{"NOT LOADED", fault})
	}
	return e.print(map[string]any{
		"workspace": facts.Workspace, "policy_version": facts.Version, "settings": values,
		"loaded": facts.PolicyLoaded && facts.ProtectedLoaded, "faults": append([]string{}, facts.Faults...),
	}, rows)
}
