package backend

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// matter is a stored gamebook with what is true of it now, read for one
// decision.
type matter struct {
	desk    *Desk
	reader  *store.Reader
	g       soc.Gamebook
	reading *gateReading
	record  soc.GateRecord
	// steps are the stored steps against catalogue, inventory and policy of
	// this moment; whole is false where one of them is gone.
	steps []plannedStep
	whole bool
	// release is set where the gamebook is a release (S25) and still the one that
	// was decided.
	release bool
	// notApprovers may not decide it, roles are what people hold now.
	notApprovers []string
	roles        map[string]soc.Role
}

// readMatter reads a gamebook for a decision. found is false where there is
// none in the workspace.
func (d *Desk) readMatter(r *store.Reader, g soc.Gamebook) (*matter, error) {
	i, found, err := r.Incident(g.Workspace, g.Incident)
	if err != nil {
		return nil, err
	}
	if !found { // deleted: nothing acts for it any more
		i = soc.Incident{ID: g.Incident, Workspace: g.Workspace, Status: soc.StatusClosed}
	}
	m := &matter{desk: d, reader: r, g: g}
	if m.reading, err = d.readGate(r, i, d.killFileStands()); err != nil {
		return nil, err
	}
	if m.record, err = soc.ParseGateRecord(g.Facts); err != nil {
		return nil, soc.Errorf(soc.Internal, soc.CodeInternalError, "The stored facts cannot be read.").WithCause(err)
	}
	m.whole = true
	for _, s := range g.Steps {
		step, there, err := m.reading.present(s)
		if err != nil {
			return nil, err
		}
		m.whole = m.whole && there
		m.steps = append(m.steps, step)
	}
	m.reading.markConflicts(m.steps)
	if m.notApprovers, err = notApprovers(r, g); err != nil {
		return nil, err
	}
	m.roles, err = r.RolesIn(g.Workspace)
	return m, err
}

// resubmitDepth bounds how far back the requesters of a resubmitted gamebook
// are looked for.
const resubmitDepth = 20

// notApprovers are the people who asked, resubmitted, started or steered the
// run, or own the key that asked (S5), of this gamebook and of those it was
// made from.
func notApprovers(r *store.Reader, g soc.Gamebook) ([]string, error) {
	var people []string
	for range resubmitDepth {
		for _, person := range []string{g.RequestedBy, g.RequestedOwner, g.StartedBy} {
			if person != "" && !slices.Contains(people, person) {
				people = append(people, person)
			}
		}
		if g.OriginalGamebook == "" {
			break
		}
		original, found, err := r.Gamebook(g.Workspace, g.OriginalGamebook)
		if err != nil || !found {
			return people, err
		}
		g = original
	}
	return people, nil
}

// rebuilt reports whether the action that the digest names is what the stored
// rows say, and what they would resolve to now (S13): the playbook with the
// same content, the same product and the same target in it. The first finds
// rows that were edited, the second a catalogue or an inventory that moved.
func (m *matter) rebuilt() bool {
	stored := m.g.Action()
	if !m.whole || soc.Digest(m.g.Canonical) != m.g.Digest || !m.names(stored) {
		return false
	}
	now := m.g.Action()
	for i, step := range m.steps {
		now.Steps[i].PlaybookHash = step.playbook.Hash
		now.Steps[i].EntityKind = step.entity.Kind
		now.Steps[i].Connector, now.Steps[i].NativeID = step.connector, step.nativeID
	}
	return m.names(now)
}

func (m *matter) names(action soc.CanonicalAction) bool {
	canonical, err := action.Canonical()
	return err == nil && soc.Digest(canonical) == m.g.Digest
}

// approvals are those stored, with the roles their people have now. intact is
// false where a row is not the one that was written.
func (m *matter) approvals() (approvals []soc.Approval, intact bool) {
	intact = true
	for _, a := range m.g.Approvals {
		if a.ID != approvalID(a) {
			intact = false
			continue
		}
		a.Role = m.roles[a.Person]
		approvals = append(approvals, a)
	}
	return approvals, intact
}

// approvalID is made of what the row says, so that a row edited behind the
// server's back is not the one that was written.
func approvalID(a soc.Approval) string {
	h := sha256.New()
	for _, part := range []string{"vedette-approval-v1", a.Gamebook, a.Digest, a.Person, string(a.Role)} {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	var tail [9]byte
	binary.BigEndian.PutUint64(tail[:8], uint64(a.At.UnixMicro()))
	if a.Approved {
		tail[8] = 1
	}
	h.Write(tail[:])
	id, _ := uuid.FromBytes(h.Sum(nil)[:16]) // sixteen bytes are always a UUID
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return id.String()
}

// ask puts the stored gamebook to the gate as of now. Who asked, and what that
// run had been served when it asked, are facts of the request; everything else
// is read anew.
func (m *matter) ask(phase soc.Phase, approvals []soc.Approval) (soc.GateInput, soc.GateResult, error) {
	then := m.record.Input
	principal := then.Principal
	var err error
	if principal.CredentialGone, principal.Suspended, err = m.standing(); err != nil {
		return soc.GateInput{}, soc.GateResult{}, err
	}
	run, err := m.standingRun(then.Run)
	if err != nil {
		return soc.GateInput{}, soc.GateResult{}, err
	}
	in, err := m.reading.input(gateQuestion{
		phase: phase, principal: principal, requester: m.g.RequestedBy, run: run, claim: then.ClaimedTrigger,
		entries: m.switchedOff(), steps: m.steps, gamebook: m.g.ID,
	})
	if err != nil {
		return in, soc.GateResult{}, err
	}
	in.Release = m.release
	in.AutoRun, in.Digest, in.DigestNeed = m.g.AutoRun, m.g.Digest, m.g.Need
	in.Approvals, in.NotApprovers = approvals, m.notApprovers
	return in, soc.Gate(in), nil
}

// switchedOff names the steps whose playbook the workspace has switched off since
// they were asked for: nobody approves and nothing carries out such a step.
func (m *matter) switchedOff() soc.EntryReport {
	var report soc.EntryReport
	for i, s := range m.g.Steps {
		if !m.reading.enabled(s.Playbook) {
			report.Failures = append(report.Failures, soc.StepFailure{Index: i, Code: soc.CodePlaybookDisabled, Message: "The playbook is switched off in this workspace."})
		}
	}
	return report
}

// standingRun is the run as it was when the gamebook was asked for, without
// its authority where a person has taken that back since: the run was cancelled,
// or who started it may start none any more. That its time is over takes nothing
// from what it asked for in time.
func (m *matter) standingRun(then *soc.GateRun) (*soc.GateRun, error) {
	if then == nil || !then.TokenValid || then.Trigger != soc.TriggerInvestigateAndRespond {
		return then, nil // what it lacks, nobody takes back
	}
	u, found, err := m.reader.Run(m.g.Workspace, m.g.Run)
	if err != nil {
		return nil, err
	}
	if found && u.State != soc.RunCancelled {
		if stands, err := starterStands(m.reader, u); err != nil || stands {
			return then, err
		}
	}
	now := *then
	now.TokenValid = false
	return &now, nil
}

// standing reports whether the credential that asked has ended, and whether
// the agent is suspended now (g2).
func (m *matter) standing() (gone, suspended bool, err error) {
	switch m.g.RequestedKind {
	case soc.PrincipalAgent:
		agent, found, err := m.reader.Agent("", m.g.RequestedBy)
		if err != nil {
			return true, true, err
		}
		suspended = !found || !agent.SuspendedAt.IsZero()
	case soc.PrincipalPerson:
		person, found, err := m.reader.Person(m.g.RequestedBy)
		if err != nil {
			return true, true, err
		}
		gone = !found || person.Disabled
	case soc.PrincipalService:
	default:
		return false, false, nil
	}
	c, found, err := m.reader.Credential("", m.record.Credential)
	if err != nil || !found { // a session, which may end without anybody having lost a right
		return gone, suspended, err
	}
	ended := !c.RevokedAt.IsZero() || !c.ExpiresAt.IsZero() && !m.reading.now.Before(c.ExpiresAt)
	return gone || ended, suspended, nil
}

// world is what an approver would see now, and whether it is materially
// another world than the one stored (S18).
func (m *matter) world() (now soc.World, changed bool, err error) {
	then, err := soc.ParseWorld(m.g.World)
	if err != nil {
		return now, true, nil // unreadable is not the same
	}
	compared, err := m.reading.world(m.g.Steps, append([]int{}, then.EvidenceNumbers()...))
	if err != nil {
		return now, false, err
	}
	now, err = m.reading.world(m.g.Steps, nil)
	return now, then.Changed(compared), err
}

// revision names the state of the world a card was drawn from.
func revision(g soc.Gamebook, w soc.World) int64 {
	w.Evidence = nil
	sum := sha256.Sum256([]byte(g.Digest + "\n" + w.Text()))
	return int64(binary.BigEndian.Uint64(sum[:8])>>11) | 1
}

// restate makes a new version of a gamebook that the world has overtaken (D9):
// new digest, approvals void, back to people. Its clock goes on.
func (d *Desk) restate(tx *store.Tx, by soc.Actor, m *matter, in soc.GateInput, result soc.GateResult, world soc.World) (soc.Gamebook, error) {
	g := m.g
	now := d.clock()
	if !now.Before(g.ApprovalExpiresAt) {
		return d.end(tx, by, g, soc.GamebookExpired, soc.CodeApprovalExpired)
	}
	nonce, err := d.nonce()
	if err != nil {
		return g, err
	}
	if err := tx.VoidApprovals(g.ID); err != nil {
		return g, err
	}
	if err := tx.FreeTargets(g.Workspace, g.ID); err != nil {
		return g, err
	}
	asked := soc.NeedOne(result.Class, result.Impact, world.Severity)
	g.Need = soc.StricterNeed(soc.StricterNeed(g.Need, asked), result.Need)
	if result.Class.Rank() > g.Class.Rank() {
		g.Class = result.Class
	}
	if result.Impact == soc.ImpactHigh {
		g.Impact = soc.ImpactHigh
	}
	g.QueueReasons = []soc.Code{soc.CodeWorldChanged}
	for _, reason := range result.Reasons {
		if !slices.Contains(g.QueueReasons, reason) {
			g.QueueReasons = append(g.QueueReasons, reason)
		}
	}
	g.Version, g.Nonce, g.Status, g.NeedsApproval, g.AutoRun = g.Version+1, nonce, soc.GamebookQueued, true, false
	g.ApprovedAt, g.ExecutionExpires, g.StartedAt, g.Lease = time.Time{}, time.Time{}, time.Time{}, ""
	g.World, g.Rules = world.Text(), result.Rules
	g.Facts = soc.GateRecord{Credential: m.record.Credential, Input: in, NaturalKey: m.record.NaturalKey}.Text()
	if err := seal(&g); err != nil {
		return g, err
	}
	e := d.gamebookEntry(by, "gamebook_restated", g)
	e.Code, e.Decision, e.Rules = soc.CodeWorldChanged, "queued", ruleIDs(result.Rules)
	e.Before = m.g.Digest
	tx.Audit(e)
	if g, err = tx.UpdateGamebook(g); err != nil {
		return g, err
	}
	return g, d.announceGamebook(tx, by, g)
}
