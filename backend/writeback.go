package backend

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// tellSource enqueues what the product is to be told of a closing, in the
// closing's own transaction, where a connector in force can tell it.
func (d *Desk) tellSource(tx *store.Tx, before, after soc.Incident) error {
	if d.products.Source == nil || !soc.WritesBack(before, after) {
		return nil
	}
	configured, err := tx.Connectors(after.Workspace)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(configured, func(c soc.Connector) bool {
		return c.State == soc.ConnectorEnabled && d.products.Source(c.Kind) == after.Source
	}) {
		return nil
	}
	decision, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return tx.Enqueue(soc.WriteBackJob{Workspace: after.Workspace, Incident: after.ID, Decision: decision.String(), Verdict: after.Verdict}, d.clock())
}

// WriteBackOf reads what a job is to tell the product, as the incident stands
// now. A kill switch that stops the workspace makes it wait (S33).
func (d *Desk) WriteBackOf(ctx context.Context, job soc.WriteBackJob) (what soc.WriteBack, next soc.WriteBackNext, err error) {
	next = soc.WriteBackDrop
	err = d.store.View(ctx, func(r *store.Reader) error {
		i, found, err := r.Incident(job.Workspace, job.Incident)
		if err != nil || !found {
			return err
		}
		if i.Status != soc.StatusClosed || i.ClosedBy == soc.BySource || i.Verdict != job.Verdict || !i.DeletedAt.IsZero() {
			return nil // reopened, or decided anew: that has a job of its own
		}
		kill, err := d.killFacts(r, workerActor(job.Workspace), job.Workspace)
		if err != nil {
			return err
		}
		if next = soc.WriteBackGo; kill.Global || kill.Workspace {
			next = soc.WriteBackWait
		}
		what = soc.WriteBack{
			Workspace: i.Workspace, Incident: i.ID, Source: i.Source, ExternalID: i.ExternalID, Decision: job.Decision,
			Verdict: i.Verdict, Reason: i.VerdictReason, Comment: i.ClosingComment,
		}
		return nil
	})
	return what, next, err
}

// RecordWriteBack records that a connector told the product, or that it could
// not and does not try again; problem is in the server's own words.
func (d *Desk) RecordWriteBack(ctx context.Context, what soc.WriteBack, connector, problem string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		e := d.entry(workerActor(what.Workspace), "verdict_written")
		if problem != "" {
			detail, err := json.Marshal(map[string]string{"problem": problem})
			if err != nil {
				return err
			}
			e.Event, e.Decision, e.Code, e.Detail = "verdict_write_failed", "error", soc.CodeUpstreamError, string(detail)
		}
		e.Incident, e.Target, e.After = what.Incident, connector, string(what.Verdict)
		tx.Audit(e)
		return nil
	})
}
