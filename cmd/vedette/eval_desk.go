package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"time"

	"vedette/agent/eval"
	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web"
)

// evalLab is a folder with a database of its own for one round. The workspaces
// of the round are made before anything is asked.
type evalLab struct {
	folder, where string
	local         *local
	organization  string
	workspaces    map[string]string // name in the set -> id
}

func newEvalLab(ctx context.Context, round eval.Round, pooling bool) (l *evalLab, err error) {
	l = &evalLab{workspaces: map[string]string{}}
	if l.folder, err = os.MkdirTemp("", "vedette-eval-"); err != nil {
		return nil, err
	}
	l.where = filepath.Join(l.folder, "vedette.db")
	s, err := store.Open(ctx, l.where, store.Options{})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(l.folder))
	}
	l.local = &local{store: s, desk: backend.New(backend.Config{Store: s, Mappers: mappers()}), host: hostActor("eval")}
	if err := l.makeWorkspaces(ctx, round); err != nil {
		return nil, errors.Join(err, l.end())
	}
	if pooling {
		if err := l.pool(ctx); err != nil {
			return nil, errors.Join(err, l.end())
		}
	}
	return l, nil
}

func (l *evalLab) makeWorkspaces(ctx context.Context, round eval.Round) error {
	o, err := l.local.desk.CreateOrganization(ctx, l.local.host, "Evaluation")
	if err != nil {
		return err
	}
	l.organization, l.local.host.Organization = o.ID, o.ID
	for _, item := range round.Items {
		if l.workspaces[item.Workspace] != "" {
			continue
		}
		w, err := l.local.desk.CreateWorkspace(ctx, l.local.host, o.ID, item.Workspace)
		if err != nil {
			return err
		}
		l.workspaces[item.Workspace] = w.ID
	}
	return nil
}

// pool lets every workspace of the evaluation give and take (S46), with the
// host's authority where the product would ask two people.
func (l *evalLab) pool(ctx context.Context) error {
	for _, workspace := range l.workspaces {
		_, err := l.local.desk.EditPolicy(ctx, l.local.host, soc.PolicyEdit{
			Workspace: workspace, Part: soc.PartLimits, Event: "limits_changed", Reason: "evaluation",
			Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
				doc.Limits.Pooling = soc.PoolingRecord{Give: true, Take: true}
				return doc, nil
			},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// end closes the database and removes it.
func (l *evalLab) end() error {
	l.local.close()
	return os.RemoveAll(l.folder)
}

// deskInstance asks the desk itself: ingest, triage and verdict as the doors
// call them, without HTTP in between.
type deskInstance struct{ *evalLab }

// in is who acts in the workspace of an item.
func (d deskInstance) in(item eval.Item) soc.Actor {
	by := d.local.host
	by.Workspace = d.workspaces[item.Workspace]
	return by
}

// Ingest stores the alert.
func (d deskInstance) Ingest(ctx context.Context, item eval.Item) (string, error) {
	receipt, err := d.local.desk.Ingest(ctx, d.in(item), soc.IngestRequest{Format: "generic", Items: [][]byte{item.Alert}, Strict: true})
	if err != nil {
		return "", err
	}
	return receipt.Items[0].IncidentID, nil
}

// Triage triages anew and reads the position.
func (d deskInstance) Triage(ctx context.Context, item eval.Item, incident string) (eval.Position, error) {
	by := d.in(item)
	ref := soc.IncidentRef{Workspace: by.Workspace, ID: incident}
	if _, err := d.local.desk.TriageIncident(ctx, by, soc.TriageRequest{Incident: ref, Force: true, Wait: web.MaxWait}); err != nil {
		return eval.Position{}, err
	}
	t, err := d.local.desk.FloorPosition(ctx, by, ref)
	if err != nil {
		return eval.Position{}, err
	}
	return readPosition(t.Result, t.Held)
}

// Decide gives the verdict of a person, who is an analyst of the workspace.
func (d deskInstance) Decide(ctx context.Context, item eval.Item, incident string) error {
	by := d.in(item)
	by.Kind, by.ID, by.Name, by.Session, by.Role, by.Granted = soc.PrincipalPerson, "evaluation", "Evaluation", true, soc.RoleAnalyst, soc.RoleAnalyst
	_, err := d.local.desk.SetVerdict(ctx, by, soc.IncidentRef{Workspace: by.Workspace, ID: incident}, verdictOf(item))
	return err
}

// verdictOf is the label as a person gives it.
func verdictOf(item eval.Item) soc.PersonVerdict {
	return soc.PersonVerdict{Verdict: item.Truth, Reason: "Other", Comment: "Label of the evaluation."}
}

// readPosition reads the rationale of T17, which is all that both doors give.
func readPosition(rationale []byte, held bool) (eval.Position, error) {
	var said struct {
		Classification soc.Verdict
		Closable       bool
		ColdStart      bool `json:"cold_start"`
		History        struct{ Level soc.MemoryLevel }
		Probabilities  soc.Probabilities
		HoldReasons    []soc.Code `json:"hold_reasons"`
	}
	if err := json.Unmarshal(rationale, &said); err != nil {
		return eval.Position{}, err
	}
	// The rule is measured, not whether a workspace has switched it on.
	off := len(said.HoldReasons) == 1 && said.HoldReasons[0] == soc.CodeAutoCloseOff
	return eval.Position{
		P: said.Probabilities, Stated: said.Classification, ColdStart: said.ColdStart, Closable: said.Closable || off, Held: held, Level: said.History.Level,
	}, nil
}

// evalWait bounds one request of an evaluation over HTTP.
const evalWait = 2 * time.Minute
