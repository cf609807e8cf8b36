package backend

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// maxComment bounds what a person writes beside a decision.
const maxComment = 1000

// Approve is one person's approval of exactly what they were shown: the digest
// of the card. The checks are those of ops-api.md section 5, in its order and
// in one transaction; the approval that completes the need starts the
// execution, once.
func (d *Desk) Approve(ctx context.Context, by soc.Actor, in soc.Decision) (soc.DecisionReceipt, error) {
	in.Approve = true
	return d.decide(ctx, by, "approval_given", in)
}

// Deny ends a gamebook for good, also over approvals given, until its first
// step is dispatched. The requester may.
func (d *Desk) Deny(ctx context.Context, by soc.Actor, in soc.Decision) (soc.DecisionReceipt, error) {
	in.Approve = false
	return d.decide(ctx, by, "approval_denied", in)
}

func (d *Desk) decide(ctx context.Context, by soc.Actor, event string, in soc.Decision) (receipt soc.DecisionReceipt, err error) {
	var decided soc.Gamebook
	var late error
	err = checkDecision(in)
	if err == nil {
		err = d.mayDecide(by)
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			c := decision{desk: d, tx: tx, by: by, in: in, event: event}
			receipt, err = c.run()
			decided, late = c.after, c.late
			return err
		})
	}
	if err != nil {
		return soc.DecisionReceipt{}, d.refused(ctx, by, event, err, func(e *soc.AuditEntry) { e.Gamebook, e.Digest = in.Gamebook, in.Digest })
	}
	if decided.ID != "" {
		d.wake(decided)
	}
	return receipt, late
}

// mayDecide refuses whoever is no person in a live session (S4), before any
// row is looked at.
func (d *Desk) mayDecide(by soc.Actor) error {
	if err := maySession(by); err != nil {
		return err
	}
	if err := by.May("", soc.RoleViewer); err != nil {
		return err
	}
	return d.mayWrite()
}

func checkDecision(in soc.Decision) error {
	if !soc.CheckID(soc.PrefixGamebook, in.Gamebook) {
		return soc.NotFoundf("There is no such gamebook.")
	}
	if in.Approve && in.Digest == "" {
		return soc.InvalidField("digest", "is required: the digest the card showed")
	}
	if utf8.RuneCountInString(in.Comment) > maxComment {
		return soc.InvalidField("comment", "must hold at most %d characters", maxComment)
	}
	if !in.Approve && in.Comment == "" {
		return soc.InvalidField("reason", "must hold 1 to %d characters", maxComment)
	}
	return nil
}

// decision is one approval or denial on its way through the transaction.
type decision struct {
	desk  *Desk
	tx    *store.Tx
	by    soc.Actor
	in    soc.Decision
	event string
	// batch leaves the stored answer to the whole of several decisions.
	batch bool

	m *matter
	// late is a refusal that leaves rows behind (approvals made void); after
	// is the gamebook as it stands then.
	late  error
	after soc.Gamebook
}

func (c *decision) run() (soc.DecisionReceipt, error) {
	g, found, err := c.tx.LockGamebook(c.by.Workspace, c.in.Gamebook)
	if err != nil {
		return soc.DecisionReceipt{}, err
	}
	if !found {
		return soc.DecisionReceipt{}, soc.NotFoundf("There is no such gamebook.")
	}
	if c.m, err = c.desk.readMatter(&c.tx.Reader, g); err != nil {
		return soc.DecisionReceipt{}, err
	}
	if !c.in.Approve {
		return c.deny()
	}
	if code, err := c.desk.mayApprove(c.by, c.m); err != nil || code != "" {
		return soc.DecisionReceipt{}, err
	}
	return c.approve()
}

// mayApprove answers the checks about the person, as an error with its code;
// the card shows the same answer.
func (d *Desk) mayApprove(by soc.Actor, m *matter) (soc.Code, error) {
	refuse := func(err error) (soc.Code, error) { return soc.AsError(err).Code, err }
	if err := maySession(by); err != nil {
		return refuse(err)
	}
	if (m.g.Need.Count > 1 || m.g.Class == soc.ClassIrreversible) && !by.Fresh(d.clock()) {
		return refuse(d.mayFresh(by))
	}
	if !meetsASeat(m.g.Need, by.DecidingRole()) {
		e := soc.Errorf(soc.Denied, soc.CodeInsufficientApprovalLevel, "The role is below what this approval needs.").
			WithFix("%s", soc.NextStep(soc.CodeInsufficientApprovalLevel))
		e.Roles = m.g.Need.Roles
		return refuse(e)
	}
	if slices.Contains(m.notApprovers, by.ID) {
		return refuse(soc.Errorf(soc.Denied, soc.CodeRequesterCannotApprove, "Whoever asked, or steered the run, cannot approve.").
			WithFix("%s", soc.NextStep(soc.CodeRequesterCannotApprove)))
	}
	return "", nil
}

// meetsASeat reports whether a role may take at least one of the seats.
func meetsASeat(need soc.Need, role soc.Role) bool {
	one := []soc.Approval{{Person: "x", Role: role, Approved: true}}
	return len(soc.MissingRoles(need, one)) < len(soc.MissingRoles(need, nil))
}

// open checks the states and clocks that approve and deny share.
func (c *decision) open() error {
	g := c.m.g
	pending := g.Status == soc.GamebookQueued && g.NeedsApproval
	begun := slices.ContainsFunc(g.Steps, func(s soc.Step) bool { return s.Status != soc.StepQueued })
	if !pending && (c.in.Approve || g.Status.Ended() || begun) {
		return soc.Errorf(soc.Conflict, soc.CodeInvalidState, "The gamebook is %s (%s).", soc.ApprovalState(g), g.Status).
			WithFix("%s", soc.NextStep(soc.CodeInvalidState))
	}
	if pending && !c.desk.mayStillDecide(g) {
		return soc.Errorf(soc.Conflict, soc.CodeApprovalExpired, "The time to decide is over.").
			WithFix("Resubmit it; a new request has a new clock.")
	}
	return nil
}

func (c *decision) approve() (soc.DecisionReceipt, error) {
	if err := c.open(); err != nil {
		return soc.DecisionReceipt{}, err
	}
	if stop, err := c.sameAction(); stop || err != nil {
		return soc.DecisionReceipt{}, err
	}
	stored, _ := c.m.approvals()
	mine := func(a soc.Approval) bool {
		return a.Person == c.by.ID && a.Approved && !a.Void && a.Digest == c.m.g.Digest
	}
	if slices.ContainsFunc(stored, mine) {
		return soc.DecisionReceipt{}, soc.Errorf(soc.Conflict, soc.CodeConflict, "This person has approved it already.").
			WithFix("Another person takes the next place.")
	}
	world, changed, err := c.m.world()
	if err != nil {
		return soc.DecisionReceipt{}, err
	}
	if now := revision(c.m.g, world); c.in.Revision != 0 && c.in.Revision != now || c.in.IfMatch.Check(now) != nil {
		return soc.DecisionReceipt{}, soc.Errorf(soc.Precondition, soc.CodePreconditionFailed, "What the card showed has changed since.").
			WithFix("Read the card again, then decide.")
	}
	own := c.newApproval()
	in, result, err := c.m.ask(soc.PhaseApprove, append(slices.Clone(stored), own))
	if err != nil {
		return soc.DecisionReceipt{}, err
	}
	standing := soc.EligibleApprovals(stored, c.m.g.Digest, c.m.notApprovers)
	stricter := !sameNeed(soc.StricterNeed(c.m.g.Need, result.Need), c.m.g.Need)
	if changed && len(standing) > 0 || stricter && result.Outcome != soc.OutcomeDeny {
		return soc.DecisionReceipt{}, c.overtaken(in, result, world)
	}
	if result.Outcome == soc.OutcomeDeny {
		return soc.DecisionReceipt{}, refusedBy(result)
	}
	return c.count(own, result, world, len(standing) == 0)
}

func sameNeed(a, b soc.Need) bool {
	return a.Count == b.Count && slices.Equal(a.Roles, b.Roles)
}

// refusedBy is the error of a gate that denies.
func refusedBy(result soc.GateResult) error {
	meaning, _ := soc.MeaningOf(result.Code)
	e := soc.Errorf(soc.Refused, result.Code, "%s", meaning.Meaning).WithFix("%s", meaning.Next)
	e.Rule = ruleOf(result, result.Code)
	return e
}

// sameAction checks the digest: the one the person was shown, and the one the
// rows give now. Rows that changed make every approval void.
func (c *decision) sameAction() (stop bool, err error) {
	mismatch := func(message string) *soc.Error {
		return soc.Errorf(soc.Conflict, soc.CodeDigestMismatch, "%s", message).WithFix("Read the card again and decide on what it shows.")
	}
	if c.in.Digest != c.m.g.Digest {
		return true, mismatch("The digest is not that of the action as it stands.")
	}
	_, intact := c.m.approvals()
	if intact && c.m.rebuilt() {
		return false, nil
	}
	if err := c.tx.VoidApprovals(c.m.g.ID); err != nil {
		return true, err
	}
	c.late = mismatch("What is stored is no longer the action that was asked for; approvals are void.").
		WithFix("Deny it and submit it again.")
	c.refusal(c.late)
	return true, nil
}

// overtaken sends the gamebook back to people with what is true now.
func (c *decision) overtaken(in soc.GateInput, result soc.GateResult, world soc.World) error {
	after, err := c.desk.restate(c.tx, c.by, c.m, in, result, world)
	if err != nil {
		return err
	}
	c.after = after
	c.late = soc.Errorf(soc.Refused, soc.CodeWorldChanged, "What was approved is no longer what is: earlier approvals are void.").
		WithFix("Read the card again; it shows what is true now.")
	c.refusal(c.late)
	return nil
}

// refusal records a refusal in this transaction, since it leaves rows behind.
func (c *decision) refusal(err error) {
	e := c.desk.gamebookEntry(c.by, c.event+"_refused", c.m.g)
	e.Decision, e.Code = "refused", soc.AsError(err).Code
	c.tx.Audit(e)
}

func (c *decision) newApproval() soc.Approval {
	a := soc.Approval{
		Gamebook: c.m.g.ID, Person: c.by.ID, Name: c.by.Name, Role: c.by.DecidingRole(), Digest: c.m.g.Digest,
		Approved: c.in.Approve, Comment: c.in.Comment, ViewHash: c.in.View, At: c.desk.clock(),
	}
	a.ID = approvalID(a)
	return a
}

// count stores the approval; the one that completes the need lets the worker
// begin.
func (c *decision) count(own soc.Approval, result soc.GateResult, world soc.World, first bool) (soc.DecisionReceipt, error) {
	view, err := c.shown()
	if err != nil {
		return soc.DecisionReceipt{}, err
	}
	if own.ViewHash == "" {
		own.ViewHash = view
	}
	if err := c.keep(c.tx, own); err != nil {
		return soc.DecisionReceipt{}, err
	}
	g := c.m.g
	if first {
		g.World = world.Text()
	}
	receipt := soc.DecisionReceipt{
		GamebookID: g.ID, State: "pending", Required: g.Need.Count, Missing: result.Missing, Given: g.Need.Count - len(result.Missing),
	}
	if result.Outcome == soc.OutcomeRun {
		now := c.desk.clock().Truncate(time.Millisecond)
		g.NeedsApproval, g.ApprovedAt, g.ExecutionExpires = false, now, now.Add(g.ExecutionWindow)
		receipt.State, receipt.ExecutionExpires = "approved", g.ExecutionExpires
		if err := c.tx.Enqueue(soc.GamebookJob{Workspace: g.Workspace, Gamebook: g.ID}, c.desk.clock()); err != nil {
			return soc.DecisionReceipt{}, err
		}
	}
	if g, err = c.tx.UpdateGamebook(g); err != nil {
		return soc.DecisionReceipt{}, err
	}
	c.after = g
	c.tx.Audit(c.entry(own, receipt.State))
	return receipt, c.settle(receipt)
}

// settle stores the answer of a decision that stands by itself.
func (c *decision) settle(receipt soc.DecisionReceipt) error {
	if c.batch {
		return nil
	}
	return c.desk.settleIdempotency(c.tx, c.by, receipt)
}

// shown is the hash of the card as it stands, for the record.
func (c *decision) shown() (string, error) {
	card, err := c.m.card(c.by)
	return card.ViewSHA256, err
}

func (c *decision) entry(own soc.Approval, state string) soc.AuditEntry {
	e := c.desk.gamebookEntry(c.by, c.event, c.m.g)
	e.After = state
	record, err := soc.CanonicalRecord(map[string]any{
		"approval_view_sha256": own.ViewHash, "viewed": c.in.View != "", "seconds": int(c.in.ViewedFor / time.Second),
		"opened": len(c.in.Opened), "role": own.Role,
	})
	if err == nil {
		e.Detail = string(record)
	}
	return e
}

func (c *decision) deny() (soc.DecisionReceipt, error) {
	if !c.by.DecidingRole().AtLeast(soc.RoleAnalyst) {
		e := soc.Errorf(soc.Denied, soc.CodeInsufficientApprovalLevel, "The role is below what this decision needs.")
		e.Roles = []soc.Role{soc.RoleAnalyst}
		return soc.DecisionReceipt{}, e.WithFix("%s", soc.NextStep(soc.CodeInsufficientApprovalLevel))
	}
	if err := c.open(); err != nil {
		return soc.DecisionReceipt{}, err
	}
	if c.in.Digest != "" && c.in.Digest != c.m.g.Digest {
		return soc.DecisionReceipt{}, soc.Errorf(soc.Conflict, soc.CodeDigestMismatch, "The digest is not that of the action as it stands.").
			WithFix("Read the card again and decide on what it shows.")
	}
	own := c.newApproval()
	view, err := c.shown()
	if err != nil {
		return soc.DecisionReceipt{}, err
	}
	if own.ViewHash == "" {
		own.ViewHash = view
	}
	if err := c.keep(c.tx, own); err != nil {
		return soc.DecisionReceipt{}, err
	}
	g := c.m.g
	g.DenyReason = c.in.Comment
	if g, err = c.desk.end(c.tx, c.by, g, soc.GamebookRejected, ""); err != nil {
		return soc.DecisionReceipt{}, err
	}
	c.after = g
	c.tx.Audit(c.entry(own, "denied"))
	receipt := soc.DecisionReceipt{GamebookID: g.ID, State: "denied", Required: g.Need.Count}
	return receipt, c.settle(receipt)
}
