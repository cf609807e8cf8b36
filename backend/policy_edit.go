package backend

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// maxPending bounds the changes of a workspace that wait for people.
const maxPending = 100

// EditPolicy changes a part of the policy of a workspace. What tightens is in
// force with the answer; what loosens waits for a second person as a change
// (S60), but for the host, whose authority nobody here exceeds. An edit that
// changes nothing makes no version.
func (d *Desk) EditPolicy(ctx context.Context, by soc.Actor, edit soc.PolicyEdit) (out soc.PolicyOutcome, err error) {
	if by.Kind != soc.PrincipalHost {
		edit.Workspace = by.Workspace
	}
	err = d.mayEdit(by, edit)
	if err == nil && utf8.RuneCountInString(edit.Reason) > maxComment {
		err = soc.InvalidField("reason", "must hold at most %d characters", maxComment)
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			p := policyEdit{desk: d, tx: tx, by: by, edit: edit}
			out, err = p.run()
			return err
		})
	}
	if err != nil {
		return soc.PolicyOutcome{}, d.refused(ctx, by, edit.Event, err, func(e *soc.AuditEntry) { e.Workspace, e.Target = edit.Workspace, edit.Target })
	}
	return out, nil
}

// mayEdit asks who, before anything is read: the host, a person of the role,
// or a key that may tighten or draft. An agent never (S4).
func (d *Desk) mayEdit(by soc.Actor, edit soc.PolicyEdit) error {
	if by.Kind == soc.PrincipalHost {
		return d.mayWrite()
	}
	least := edit.Least
	if least == "" {
		least = soc.RoleManager
	}
	if err := by.May("", least); err != nil {
		return err
	}
	if by.Kind != soc.PrincipalPerson && by.Kind != soc.PrincipalService {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "This kind of credential may never change policy.")
	}
	if !by.Has(soc.ScopeOpsDraft) {
		if err := by.MayScope(soc.ScopeOpsTighten); err != nil {
			return err
		}
	}
	return d.mayWrite()
}

// policyEdit is one edit on its way through the transaction.
type policyEdit struct {
	desk *Desk
	tx   *store.Tx
	by   soc.Actor
	edit soc.PolicyEdit

	before soc.PolicyFacts
	after  soc.PolicyDocument
	diff   []soc.PolicyDifference
}

func (p *policyEdit) run() (out soc.PolicyOutcome, err error) {
	if err = p.tx.LockPolicy(p.edit.Workspace); err != nil {
		return out, err
	}
	if p.by.Kind != soc.PrincipalHost {
		if err = p.desk.unlocked(p.tx, p.edit.Workspace); err != nil {
			return out, err
		}
	}
	if p.before, err = p.tx.Policy(p.edit.Workspace); err != nil {
		return out, err
	}
	if p.before.Version == 0 {
		return out, soc.NotFoundf("There is no such workspace.")
	}
	if err = p.edit.IfMatch.Check(p.before.Version); err != nil {
		return out, err
	}
	if err = p.compare(); err != nil {
		return out, err
	}
	direction := soc.DirectionOf(p.diff)
	if err = p.mayGo(direction); err != nil {
		return out, err
	}
	out.Policy, out.Diff = p.before, p.diff
	switch {
	case len(p.diff) == 0:
		return out, p.desk.settleIdempotency(p.tx, p.by, out)
	case direction == soc.DirectionLoosening && p.by.Kind != soc.PrincipalHost:
		out.Change, err = p.ask()
	default:
		out.Made = true
		out.Policy, err = p.desk.enforcePolicy(p.tx, p.by, p.version(direction), p.after)
	}
	if err != nil {
		return out, err
	}
	return out, p.desk.settleIdempotency(p.tx, p.by, out)
}

// compare makes the document after the edit and what differs.
func (p *policyEdit) compare() (err error) {
	whole := p.before.PolicyLoaded && p.before.ProtectedLoaded
	if !whole && p.edit.Part != soc.PartPolicy {
		return soc.PolicyDamaged(p.before.Faults)
	}
	var now soc.PolicyDocument
	if whole {
		now = p.before.Document()
	}
	if p.after, err = p.edit.Edit(now); err != nil {
		return err
	}
	if err := p.desk.fillIDs(&p.after); err != nil {
		return err
	}
	if err := p.after.Check(); err != nil {
		return err
	}
	if err := p.desk.rulesCompiled(p.after.Rules); err != nil {
		return err
	}
	if err := p.desk.policyKnown(p.tx, p.edit.Workspace, now, p.after); err != nil {
		return err
	}
	if !whole { // what stood there cannot be compared, so all of it counts as given away
		p.diff = []soc.PolicyDifference{{Path: "/", From: p.before.Faults, To: "a whole policy", Direction: soc.DirectionLoosening}}
		return nil
	}
	p.diff = soc.DiffPolicy(now, p.after)
	return nil
}

// fillIDs names entries that a file left without one.
func (d *Desk) fillIDs(doc *soc.PolicyDocument) error {
	doc.Protected = slices.Clone(doc.Protected)
	for i := range doc.Protected {
		if doc.Protected[i].ID != "" {
			continue
		}
		id, err := d.newUUID()
		if err != nil {
			return err
		}
		doc.Protected[i].ID = id
	}
	return nil
}

// policyKnown refuses names of things that are not there: webhooks, playbooks.
// What was there before may stay.
func (d *Desk) policyKnown(tx *store.Tx, workspace string, before, after soc.PolicyDocument) error {
	for _, severity := range soc.AllSeverities {
		was, is := before.SettingsOf(severity).Agent(workspace, severity), after.SettingsOf(severity).Agent(workspace, severity)
		named := map[soc.Verdict]string{}
		for verdict, on := range is.OnClassification {
			if on.Webhook != was.OnClassification[verdict].Webhook {
				named[verdict] = on.Webhook
			}
		}
		if err := webhooksKnown(tx, soc.SettingsChange{Workspace: workspace, Webhooks: named}); err != nil {
			return err
		}
	}
	for _, rate := range after.Limits.Rates {
		if _, known := d.catalogue.Lookup(rate.PlaybookID); !known && !slices.Contains(before.Limits.Rates, rate) {
			e := soc.InvalidField("rates", "must name playbooks of the catalogue; there is no %s", soc.DisplayName(rate.PlaybookID))
			e.Hints = soc.NearestIDs(rate.PlaybookID, d.catalogue.IDs(), 3)
			return e
		}
	}
	return nil
}

// mayGo asks who may go this way: a senior tightens at most, a key without
// ops:draft asks for no loosening, one without ops:tighten changes nothing.
func (p *policyEdit) mayGo(direction soc.Direction) error {
	if len(p.diff) == 0 {
		return nil
	}
	return mayGo(p.by, direction)
}

// mayGo is policyEdit.mayGo, for what is no part of the policy too.
func mayGo(by soc.Actor, direction soc.Direction) error {
	if by.Kind == soc.PrincipalHost {
		return nil
	}
	if direction != soc.DirectionLoosening {
		return by.MayScope(soc.ScopeOpsTighten)
	}
	if !by.Session && !by.Has(soc.ScopeOpsDraft) {
		e := soc.Errorf(soc.Denied, soc.CodeHumanSessionRequired, "This gives away control; only people ask for that.").
			WithFix("A manager has to sign in and do it, and a second person to confirm it.")
		e.Target = "session"
		return e
	}
	return by.May("", soc.RoleManager)
}

// version is what is kept of the edit once it is in force.
func (p *policyEdit) version(direction soc.Direction) soc.PolicyVersion {
	return soc.PolicyVersion{
		Workspace: p.edit.Workspace, Event: p.edit.Event, Target: p.edit.Target, Reason: p.edit.Reason, Direction: direction, Diff: p.diff,
	}
}

// enforcePolicy puts a document in force: parts, version, audit.
func (d *Desk) enforcePolicy(tx *store.Tx, by soc.Actor, v soc.PolicyVersion, after soc.PolicyDocument) (facts soc.PolicyFacts, err error) {
	if err = tx.SavePolicy(after.Facts(v.Workspace, 0)); err != nil {
		return facts, err
	}
	if v.Version, err = tx.RaisePolicyVersion(v.Workspace); err != nil {
		return facts, err
	}
	v.At, v.ByKind, v.By, v.ByName, v.Document = d.clock(), by.Kind, by.ID, by.Name, after
	if err = tx.InsertPolicyVersion(v); err != nil {
		return facts, err
	}
	e := d.entry(by, v.Event)
	e.Workspace, e.Target, e.PolicyVersion, e.Detail = v.Workspace, v.Target, v.Version, auditDetail("reason", v.Reason)
	e.Before, e.After = sides(v.Diff)
	tx.Audit(e)
	return tx.Policy(v.Workspace)
}

// sides are what a diff leaves and what it brings, for the audit.
func sides(diff []soc.PolicyDifference) (before, after string) {
	from, to := map[string]any{}, map[string]any{}
	for _, d := range diff {
		from[d.Path], to[d.Path] = d.From, d.To
	}
	was, err := soc.CanonicalRecord(from)
	if err != nil {
		return "", ""
	}
	is, err := soc.CanonicalRecord(to)
	if err != nil {
		return "", ""
	}
	return string(was), string(is)
}

// ask stores a loosening that waits.
func (p *policyEdit) ask() (*soc.PolicyChange, error) {
	return p.desk.askChange(p.tx, p.by, p.desk.counts(p.by), soc.PolicyChange{
		Workspace: p.edit.Workspace, Kind: p.edit.Part, Event: p.edit.Event, Target: p.edit.Target,
		BaseVersion: p.before.Version, Diff: within(p.edit.Part, p.diff), Proposed: p.after, Reason: p.edit.Reason,
	})
}

// askChange stores a change that waits, of a workspace whose policy the
// transaction has locked; counts says that whoever asks is the first of the two.
// The same request again finds the first.
func (d *Desk) askChange(tx *store.Tx, by soc.Actor, counts bool, c soc.PolicyChange) (*soc.PolicyChange, error) {
	now := d.clock().Truncate(time.Millisecond)
	if err := tx.ExpirePolicyChanges(c.Workspace, now); err != nil {
		return nil, err
	}
	waiting, err := tx.PolicyChanges(soc.ChangeFilter{Workspace: c.Workspace, State: soc.ChangePending, Now: now, Limit: maxPending})
	if err != nil {
		return nil, err
	}
	for i, o := range waiting {
		same := o.By == by.ID && o.Kind == c.Kind && o.BaseVersion == c.BaseVersion && sameDiff(o.Diff, c.Diff)
		if same && (o.Confirmed(by.ID) || !counts) {
			return &waiting[i], nil
		}
	}
	if len(waiting) == maxPending {
		return nil, soc.Errorf(soc.Conflict, soc.CodeConflict, "%d changes wait already, the most there may be.", maxPending).WithFix("Confirm or reject some of them first.")
	}
	if c.ID, err = d.newUUID(); err != nil {
		return nil, err
	}
	c.State, c.Direction, c.ByKind, c.By, c.ByName = soc.ChangePending, soc.DirectionLoosening, by.Kind, by.ID, by.Name
	c.RequestedAt, c.ExpiresAt, c.Version = now, now.Add(soc.ChangeLife), 1
	if counts {
		c.Confirmations = []soc.Confirmation{{Person: by.ID, At: now, AsRequester: true}}
	}
	if c.Digest, err = soc.ChangeDigest(c); err != nil {
		return nil, err
	}
	e := d.entry(by, c.Event)
	e.Workspace, e.Target, e.Digest, e.PolicyVersion = c.Workspace, c.ID, c.Digest, c.PolicyBase()
	e.Decision, e.Detail = "queued", auditDetail("reason", c.Reason)
	e.Before, e.After = sides(c.Diff)
	tx.Audit(e)
	return &c, tx.InsertPolicyChange(c)
}

// counts reports whether whoever asks is the first of the two.
func (d *Desk) counts(by soc.Actor) bool {
	return by.Fresh(d.clock()) && soc.ChangeConfirms(by.Role)
}

// within spells the paths of a diff as the part itself does: a change of
// settings begins at the severity.
func within(part soc.PolicyPart, diff []soc.PolicyDifference) []soc.PolicyDifference {
	out := slices.Clone(diff)
	for i := range out {
		if path, inside := strings.CutPrefix(out[i].Path, "/"+string(part)+"/"); inside {
			out[i].Path = "/" + path
		}
	}
	return out
}

// sameDiff compares what JSON would say of them.
func sameDiff(a, b []soc.PolicyDifference) bool {
	first, err := soc.CanonicalRecord(a)
	if err != nil {
		return false
	}
	second, err := soc.CanonicalRecord(b)
	return err == nil && reflect.DeepEqual(first, second)
}
