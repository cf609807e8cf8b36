package main

import (
	"context"
	"fmt"
	"time"

	"vedette/backend/soc"
)

// demoOperators are the people of the first workspace. The admin is admin of
// the organization too, so that there is somebody who configures.
var demoOperators = []struct {
	email, name string
	role        soc.Role
}{
	{"admin@example.org", "Demo Admin", soc.RoleAdmin},
	{"manager@example.org", "Demo Manager", soc.RoleManager},
	{"senior1@example.org", "Demo Senior One", soc.RoleSenior},
	{"senior2@example.org", "Demo Senior Two", soc.RoleSenior},
	{"analyst1@example.org", "Demo Analyst One", soc.RoleAnalyst},
	{"analyst2@example.org", "Demo Analyst Two", soc.RoleAnalyst},
	{"viewer@example.org", "Demo Viewer", soc.RoleViewer},
}

// Scopes of the demo's credentials, by family.
var (
	portalScopes = []soc.Scope{
		soc.ScopeIncidentsRead, soc.ScopeIncidentsComments, soc.ScopeIncidentsWrite, soc.ScopeGamebooksRead, soc.ScopeDatasourcesRead,
		soc.ScopeAgentToolsRead, soc.ScopeAgentToolsExecute, soc.ScopeWebhooksRead, soc.ScopeWebhooksManage,
	}
	caseScopes = []soc.Scope{
		soc.ScopeAlertsRead, soc.ScopeAlertsWrite, soc.ScopeAlertsTriage, soc.ScopeCasesRead, soc.ScopeCasesWrite,
		soc.ScopeObservablesRead, soc.ScopeObservablesWrite,
	}
	triageScopes = []soc.Scope{
		soc.ScopeIncidentsRead, soc.ScopeIncidentsWrite, soc.ScopeIncidentsDelete, soc.ScopeTriageRun, soc.ScopeGamebooksSubmit,
		soc.ScopePlaybooksManage,
	}
	agentScopes = []soc.Scope{
		soc.ScopeIncidentsRead, soc.ScopeAgentToolsRead, soc.ScopeIncidentsComments, soc.ScopeTriageRun, soc.ScopeAgentToolsExecute,
		soc.ScopeGamebooksSubmit,
	}
	readonlyScopes = []soc.Scope{soc.ScopeIncidentsRead, soc.ScopeAgentToolsRead}
	opsScopes      = []soc.Scope{soc.ScopeOpsRead, soc.ScopeOpsDraft, soc.ScopeOpsTighten, soc.ScopeAuditRead, soc.ScopeAlertsWrite}
)

// issue gives every key, the service account and every operator a secret that
// the file will hold; those of an earlier start die.
func (d *demo) issue(ctx context.Context, workspaces []soc.Workspace) error {
	organization, first, second := workspaces[0].Organization, workspaces[0].ID, workspaces[1].ID
	keys := &d.file.Keys
	for _, key := range []struct {
		name      string
		kind      soc.PrincipalKind
		workspace string
		role      soc.Role
		scopes    []soc.Scope
		secret    *string
	}{
		{"case", soc.PrincipalService, first, soc.RoleAdmin, caseScopes, &keys.Case},
		{"triage", soc.PrincipalService, first, soc.RoleAdmin, triageScopes, &keys.Triage},
		{"agent", soc.PrincipalAgent, first, soc.RoleSenior, agentScopes, &keys.Agent},
		{"agent_readonly", soc.PrincipalAgent, first, soc.RoleViewer, readonlyScopes, &keys.AgentReadonly},
		{"ops_admin", soc.PrincipalService, first, soc.RoleAdmin, opsScopes, &keys.OpsAdmin},
		{"other_workspace_agent", soc.PrincipalAgent, second, soc.RoleSenior, agentScopes, &keys.OtherWorkspaceAgent},
		{"service_account", soc.PrincipalService, first, soc.RoleAdmin, portalScopes, &d.file.ServiceAccount.ClientSecret},
	} {
		issued, err := d.issueKey(ctx, soc.NewCredential{
			Organization: organization, Kind: key.kind, Name: "demo " + key.name, Role: key.role, Scopes: key.scopes,
			Workspaces: []string{key.workspace}, ServiceAccount: key.name == "service_account",
		})
		if err != nil {
			return fmt.Errorf("key %s: %w", key.name, err)
		}
		*key.secret = issued.Secret
		if issued.Credential.ClientID != "" {
			d.file.ServiceAccount.ClientID = issued.Credential.ClientID
		}
	}
	for _, operator := range demoOperators {
		password, err := d.issueOperator(ctx, organization, first, operator.email, operator.name, operator.role)
		if err != nil {
			return fmt.Errorf("operator %s: %w", operator.email, err)
		}
		d.file.Operators = append(d.file.Operators, demoOperator{operator.email, password, string(operator.role)})
	}
	return nil
}

// issueKey makes a key, or gives the one of that name a new secret at once.
func (d *demo) issueKey(ctx context.Context, in soc.NewCredential) (soc.IssuedCredential, error) {
	made, err := d.desk.ListKeys(ctx, d.host(), in.Organization)
	if err != nil {
		return soc.IssuedCredential{}, err
	}
	for _, key := range made {
		if key.Name == in.Name && !key.Revoked() && (key.ExpiresAt.IsZero() || key.ExpiresAt.After(time.Now())) {
			return d.desk.RotateKey(ctx, d.host(), key.ID, 0)
		}
	}
	return d.desk.CreateKey(ctx, d.host(), in)
}

// issueOperator makes a person, or gives the one of that address a new password.
func (d *demo) issueOperator(ctx context.Context, organization, workspace, email, name string, role soc.Role) (string, error) {
	password := drawPassword()
	person, err := d.desk.FindPerson(ctx, d.host(), email)
	if err == nil {
		return password, d.desk.ResetPassword(ctx, d.host(), person.ID, password)
	}
	if soc.KindOf(err) != soc.NotFound {
		return "", err
	}
	_, err = d.desk.CreatePerson(ctx, d.host(), soc.NewPerson{
		Organization: organization, Email: email, Name: name, Password: password, OrganizationAdmin: role == soc.RoleAdmin,
		Grants: map[string]soc.Role{workspace: role},
	})
	return password, err
}
