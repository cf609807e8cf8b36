package backend

import (
	"context"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// The built-in loop investigates with a model. The desk owns everything about a
// run but the asking: who gets it, the order of its stages, what counts as
// proven, what it may use and what becomes of its verdict. The loop itself
// holds a lease and hands in stages, in this process or in one of its own.

// loopLease is how long a worker may say nothing (ops-api.md section 8.2).
const loopLease = time.Minute

// loopQueue is how long a run that the server made waits for a worker; the
// incident has the floor's verdict all the while.
const loopQueue = 7 * 24 * time.Hour

// loopName is what people see of the identity that a server with a model of its
// own investigates under.
const loopName = "Vedette investigator"

// loopScopes are what it holds: the reads, the two submits, the work on runs. It
// may not ask for a triage, which would be itself again.
var loopScopes = []soc.Scope{
	soc.ScopeIncidentsRead, soc.ScopeAgentToolsRead, soc.ScopeIncidentsComments, soc.ScopeAgentToolsExecute, soc.ScopeGamebooksSubmit, soc.ScopeRunsWork,
}

// builtInAgent is the installation's record of that identity.
func builtInAgent(organization string) string { return "loop agent of " + organization }

// loopAgent is the identity that investigates in a workspace, or "": the
// server's own where it has a model, else that of a live key for this work.
func (d *Desk) loopAgent(tx *store.Tx, workspace string) (string, error) {
	if d.loop == nil {
		return "", nil
	}
	w, found, err := tx.Workspace(workspace)
	if err != nil || !found {
		return "", err
	}
	if !d.loop.Local {
		return tx.WorkingAgent(w.ID, w.Organization, d.clock())
	}
	id, found, err := tx.Installation(builtInAgent(w.Organization))
	if err != nil || found {
		return id, err
	}
	agent, err := d.insertAgent(tx, soc.Actor{Kind: soc.PrincipalSystem, ID: "loop", Organization: w.Organization, Workspace: workspace, Call: soc.Call{Door: "worker", Operation: "loop"}}, w.Organization, loopName, "")
	if err != nil {
		return "", err
	}
	return agent.ID, tx.SetInstallation(builtInAgent(w.Organization), agent.ID)
}

// LoopActor is the server's own investigator in a workspace; false where it has
// nothing to do there yet.
func (d *Desk) LoopActor(ctx context.Context, workspace string) (by soc.Actor, found bool, err error) {
	r := d.store.Read(ctx)
	w, found, err := r.Workspace(workspace)
	if err != nil || !found {
		return by, false, err
	}
	id, found, err := r.Installation(builtInAgent(w.Organization))
	if err != nil || !found {
		return by, false, err
	}
	agent, found, err := r.Agent(w.Organization, id)
	return soc.Actor{
		Kind: soc.PrincipalAgent, ID: agent.ID, Name: agent.Name, Organization: w.Organization, Workspace: w.ID, Role: soc.RoleSenior, Granted: soc.RoleSenior,
		Grants: map[string]soc.Role{w.ID: soc.RoleSenior}, Scopes: loopScopes, Suspended: !agent.SuspendedAt.IsZero(), Call: soc.Call{Door: "loop"},
	}, found, err
}

// LoopWorkspaces are those where the server's own investigator might have work.
func (d *Desk) LoopWorkspaces(ctx context.Context) ([]string, error) {
	all, err := d.store.Read(ctx).Workspaces("")
	ids := make([]string, len(all))
	for n, w := range all {
		ids[n] = w.ID
	}
	return ids, err
}

// queueRun makes the run of an incident that the floor has just judged, in the
// same transaction: where the settings of every severity that gates it let
// agents work on queue, nobody has judged it, and this evidence was not
// investigated before.
func (d *Desk) queueRun(tx *store.Tx, i soc.Incident, policy soc.PolicyFacts) error {
	if d.loop == nil || d.runs == nil || !i.Open() || i.VerdictBy == soc.PrincipalPerson || !investigates(policy, i) {
		return nil
	}
	agent, err := d.loopAgent(tx, i.Workspace)
	if err != nil || agent == "" {
		return err
	}
	seen, err := tx.InvestigatedVersion(i.Workspace, agent, i.ID)
	if err != nil || seen >= i.EvidenceVersion && seen > 0 {
		return err
	}
	if _, open, err := tx.OpenRun(i.Workspace, agent, i.ID, d.clock()); err != nil || open {
		return err
	}
	return d.queueWork(tx, i, soc.Run{Agent: agent, Trigger: soc.TriggerOnQueue}, loopQueue)
}

// queueWork makes a run of the loop on an incident, with its place in the queue.
func (d *Desk) queueWork(tx *store.Tx, i soc.Incident, u soc.Run, wait time.Duration) (err error) {
	now := d.clock()
	u.Workspace, u.Incident, u.State, u.Taint = i.Workspace, i.ID, soc.RunQueued, soc.TaintClean
	u.CreatedAt, u.UpdatedAt, u.ExpiresAt = now, now, now.Add(wait)
	if u.ID, err = d.newUUID(); err != nil {
		return err
	}
	if u.Nonce, err = soc.NewRunNonce(d.random); err != nil {
		return err
	}
	if u.Hashes, err = d.runHashes(&tx.Reader, i.Workspace); err != nil {
		return err
	}
	if err := tx.InsertRun(u); err != nil {
		return err
	}
	e := d.entry(floorActor(i.Workspace), eventRunStarted)
	e.Incident, e.Run, e.Target, e.PolicyVersion, e.After = i.ID, u.ID, u.Agent, u.Hashes.Policy, string(u.Trigger)
	tx.Audit(e)
	return d.insertWork(tx, u, i)
}

// insertWork puts a run in the loop's queue.
func (d *Desk) insertWork(tx *store.Tx, u soc.Run, i soc.Incident) error {
	return tx.InsertRunWork(soc.RunWork{
		Run: u.ID, Workspace: u.Workspace, Incident: u.Incident, Agent: u.Agent, Priority: i.HighestSeverity.Rank(), EvidenceVersion: i.EvidenceVersion,
		Stage: soc.StageOverview, Budget: d.loop.BudgetFor(i.HighestSeverity), Prompts: d.loop.Hash, QueuedAt: u.CreatedAt,
	})
}

// awaitsLoop reports whether a benign verdict of the floor waits for the loop:
// with a model at work the floor closes nothing alone unless the operator said
// so (T16).
func (d *Desk) awaitsLoop(tx *store.Tx, i soc.Incident, policy soc.PolicyFacts) (bool, error) {
	if d.loop == nil || d.runs == nil || d.loop.FloorMayCloseAlone || !investigates(policy, i) {
		return false, nil
	}
	agent, err := d.loopAgent(tx, i.Workspace)
	return agent != "", err
}

// today is the day of the budgets.
func (d *Desk) today() int64 { return d.clock().Unix() / 86_400 }

// dayExhausted reports whether a workspace used what it may on this day.
func (d *Desk) dayExhausted(r *store.Reader, workspace string) (bool, error) {
	used, err := r.LoopDay(workspace, d.today())
	limit := d.loop.Day
	return limit.Tokens > 0 && used.Tokens >= limit.Tokens || limit.CostMicros > 0 && used.CostMicros >= limit.CostMicros, err
}
