package backend

import (
	"context"
	"encoding/json"
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// GetWorkspace returns the workspace the caller is in.
func (d *Desk) GetWorkspace(ctx context.Context, by soc.Actor) (soc.Workspace, error) {
	if err := by.May("", soc.RoleViewer); err != nil {
		return soc.Workspace{}, err
	}
	workspace, found, err := d.store.Read(ctx).Workspace(by.Workspace)
	if err == nil && !found {
		err = soc.NotFoundf("There is no such workspace.")
	}
	return workspace, err
}

// CreateOrganization makes an organization; only the host may.
func (d *Desk) CreateOrganization(ctx context.Context, by soc.Actor, name string) (soc.Organization, error) {
	if by.Kind != soc.PrincipalHost {
		return soc.Organization{}, soc.Errorf(soc.Denied, soc.CodeForbidden, "Organizations are made on the server's command line.")
	}
	if err := checkName("name", name); err != nil {
		return soc.Organization{}, err
	}
	id, err := d.newUUID()
	if err != nil {
		return soc.Organization{}, err
	}
	o := soc.Organization{ID: id, Name: name, CreatedAt: d.clock()}
	return o, d.store.Write(ctx, func(tx *store.Tx) error {
		e := d.entry(by, "organization_created")
		e.Target = id
		tx.Audit(e)
		return tx.InsertOrganization(o)
	})
}

// ListOrganizations lists all organizations, for the host.
func (d *Desk) ListOrganizations(ctx context.Context, by soc.Actor) ([]soc.Organization, error) {
	if by.Kind != soc.PrincipalHost {
		return nil, soc.Errorf(soc.Denied, soc.CodeForbidden, "Organizations are listed on the server's command line.")
	}
	return d.store.Read(ctx).Organizations()
}

// CreateWorkspace makes a workspace with the shipped policy: investigating on,
// everything that acts alone off; an empty protected list, the shipped limits
// and procedures (safety.md section 1).
func (d *Desk) CreateWorkspace(ctx context.Context, by soc.Actor, organization, name string) (soc.Workspace, error) {
	w, err := d.createWorkspace(ctx, by, organization, name)
	if err != nil {
		return soc.Workspace{}, d.refused(ctx, by, "workspace_created", err, nil)
	}
	return w, nil
}

func (d *Desk) createWorkspace(ctx context.Context, by soc.Actor, organization, name string) (soc.Workspace, error) {
	if err := mayAdminister(by, organization); err != nil {
		return soc.Workspace{}, err
	}
	if err := d.mayWrite(); err != nil {
		return soc.Workspace{}, err
	}
	if err := checkName("name", name); err != nil {
		return soc.Workspace{}, err
	}
	id, err := d.newUUID()
	if err != nil {
		return soc.Workspace{}, err
	}
	w := soc.Workspace{ID: id, Organization: organization, Name: name, PolicyVersion: 1, CreatedAt: d.clock()}
	return w, d.store.Write(ctx, func(tx *store.Tx) error {
		e := d.entry(by, "workspace_created")
		e.Workspace, e.Target, e.PolicyVersion = id, id, w.PolicyVersion
		tx.Audit(e)
		if err := tx.InsertWorkspace(w); err != nil {
			return err
		}
		if err := d.shipPolicy(tx, by, w); err != nil {
			return err
		}
		return d.settleIdempotency(tx, by, w)
	})
}

// shipPolicy stores what a workspace starts with.
func (d *Desk) shipPolicy(tx *store.Tx, by soc.Actor, w soc.Workspace) error {
	for _, severity := range soc.AllSeverities {
		if err := tx.SaveSettings(soc.ShippedSettings(w.ID, severity)); err != nil {
			return err
		}
	}
	if err := tx.SaveLimits(w.ID, soc.ShippedLimits()); err != nil {
		return err
	}
	if err := tx.SaveProtected(w.ID, nil); err != nil {
		return err
	}
	if err := tx.SaveRules(w.ID, nil); err != nil {
		return err
	}
	shipped := soc.PolicyFacts{Settings: map[soc.Severity]soc.AgentSettings{}, Limits: soc.ShippedLimits()}
	for _, severity := range soc.AllSeverities {
		shipped.Settings[severity] = soc.ShippedSettings(w.ID, severity)
	}
	err := tx.InsertPolicyVersion(soc.PolicyVersion{
		Workspace: w.ID, Version: w.PolicyVersion, At: w.CreatedAt, Event: "workspace_created", ByKind: by.Kind, By: by.ID, ByName: by.Name,
		Direction: soc.DirectionNeither, Document: shipped.Document(),
	})
	if err != nil {
		return err
	}
	return d.installSOPs(tx, w.ID)
}

// ListWorkspaces lists the workspaces a caller may look into: the host's are
// all of an organization, or all there are; an organization admin's are all of
// theirs; anybody else's are those with a role.
func (d *Desk) ListWorkspaces(ctx context.Context, by soc.Actor, organization string) ([]soc.Workspace, error) {
	if by.Kind == "" {
		return nil, errNoCredential()
	}
	if by.Kind != soc.PrincipalHost {
		organization = by.Organization
	}
	if organization == "" && by.Kind != soc.PrincipalHost {
		return nil, nil
	}
	all, err := d.store.Read(ctx).Workspaces(organization)
	visible := make([]soc.Workspace, 0, len(all))
	for _, w := range all {
		if _, granted := by.Grants[w.ID]; granted || by.OrganizationAdmin || by.Kind == soc.PrincipalHost {
			visible = append(visible, w)
		}
	}
	return visible, err
}

// GetPolicy reads the policy of a workspace.
func (d *Desk) GetPolicy(ctx context.Context, by soc.Actor, workspace string) (soc.PolicyFacts, error) {
	if by.Kind != soc.PrincipalHost {
		if err := may(by, soc.ScopeOpsRead, soc.RoleViewer); err != nil {
			return soc.PolicyFacts{}, err
		}
		workspace = by.Workspace
	}
	var facts soc.PolicyFacts
	err := d.store.View(ctx, func(r *store.Reader) (err error) {
		facts, err = r.Policy(workspace)
		return err
	})
	if err == nil && facts.Version == 0 {
		err = soc.NotFoundf("There is no such workspace.")
	}
	return facts, err
}

// ChangeSettings changes the settings of a workspace and severity with the
// authority of the host (S60) and raises the policy version. Equal settings
// change nothing.
func (d *Desk) ChangeSettings(ctx context.Context, by soc.Actor, change soc.SettingsChange) (soc.PolicyFacts, error) {
	if err := mayLoosen(by); err != nil {
		return soc.PolicyFacts{}, d.refused(ctx, by, "settings_changed", err, nil)
	}
	out, err := d.EditPolicy(ctx, by, soc.PolicyEdit{
		Workspace: change.Workspace, Part: soc.PartSettings, Event: "settings_changed", Target: string(change.Severity), Reason: change.Reason,
		Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
			after := change.Apply(doc.SettingsOf(change.Severity).Agent(change.Workspace, change.Severity))
			return doc.WithSettings(change.Severity, after.Record()), after.Check()
		},
	})
	return out.Policy, err
}

// webhooksKnown refuses settings that name a webhook which cannot be told: one
// that the organization does not have, or that gets the case family's events.
func webhooksKnown(tx *store.Tx, change soc.SettingsChange) error {
	for verdict, id := range change.Webhooks {
		path := "onClassification." + string(verdict)
		if !slices.Contains(soc.AllVerdicts, verdict) {
			return soc.InvalidField("onClassification", "must name verdicts: TruePositive, BenignPositive, FalsePositive, Undetermined or Suspicious")
		}
		if id == "" {
			continue
		}
		listeners, err := tx.Listeners(change.Workspace)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(listeners, func(w soc.Webhook) bool { return w.ID == id })
		switch {
		case at < 0:
			return soc.InvalidField(path+".webhookId", "must be a webhook of the organization")
		case listeners[at].PayloadFormat != soc.PayloadPortal:
			return soc.InvalidField(path+".webhookId", "must be a webhook of payload format portal: the case family has no such event")
		case len(listeners[at].Workspaces) > 0 && !slices.Contains(listeners[at].Workspaces, change.Workspace):
			return soc.InvalidField(path+".webhookId", "must be a webhook that listens to this workspace")
		}
	}
	return nil
}

// auditDetail is one member of small structured data, nothing for no value.
func auditDetail(name, value string) string {
	if value == "" {
		return ""
	}
	record, err := json.Marshal(map[string]string{name: value})
	if err != nil {
		return ""
	}
	return string(record)
}
