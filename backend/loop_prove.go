package backend

import (
	"slices"

	"vedette/backend/soc"
)

// prove reads the result of the stage and holds it to what the server itself
// served to the run.
func (x *stageStoring) prove() error {
	if err := x.done.ParseStage(x.in.Stage, x.in.Result); err != nil {
		return err
	}
	switch x.in.Stage {
	case soc.StageSelect:
		return x.provePages()
	case soc.StageExtract:
		return x.proveFacts()
	case soc.StageVerdict:
		x.fitSource(&x.done.Verdict.Classification)
	case soc.StageSelfCheck:
		x.fitSource(&x.done.SelfCheck.Classification)
	case soc.StageSubmit:
		return x.proveSubmission()
	}
	return nil
}

// served is the evidence that the ledger has for this run.
func (x *stageStoring) served() (map[string]bool, error) {
	ledger, err := x.tx.Ledger(x.run.Workspace, x.run.ID, ledgerLimit)
	return servedEvidence(ledger), err
}

// provePages refuses pages of evidence that was never served.
func (x *stageStoring) provePages() error {
	served, err := x.served()
	if err != nil {
		return err
	}
	for _, page := range x.done.Selection.Pages {
		if slices.ContainsFunc(page.Evidence, func(id string) bool { return !served[id] }) {
			return soc.InvalidField("pages", "must hold evidence that was served to this run")
		}
	}
	return nil
}

// proveFacts drops what is not literally in the evidence it names.
func (x *stageStoring) proveFacts() error {
	served, err := x.served()
	if err != nil {
		return err
	}
	var numbers []int
	for _, f := range x.done.Extraction.Facts {
		if n, ok := soc.ParseEvidenceID(f.Evidence); ok && served[f.Evidence] && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	rows := map[string]soc.Evidence{}
	if len(numbers) > 0 {
		found, err := x.tx.EvidenceByNumber(x.run.Workspace, x.run.Incident, numbers)
		if err != nil {
			return err
		}
		for _, row := range found {
			rows[soc.EvidenceID(row.Number)] = row
		}
	}
	x.done.Extraction.Dropped = 0 // the server counts
	proven := x.done.Extraction.Prove(rows, served)
	x.done.Extraction = &proven
	return nil
}

// fitSource: Suspicious is a word of SentinelOne; elsewhere it is an alarm like
// any other, and never less.
func (x *stageStoring) fitSource(v *soc.Verdict) {
	if *v == soc.VerdictSuspicious && x.incident.Source != soc.SourceSentinelOne {
		*v = soc.VerdictTruePositive
	}
}

// proveSubmission takes the server's own record of what was submitted.
func (x *stageStoring) proveSubmission() error {
	id, _, found, err := x.tx.InvestigationOfRun(x.run.Workspace, x.run.ID)
	if err != nil {
		return err
	}
	if !found || x.done.Submission.Investigation != id {
		return soc.InvalidField("investigation", "must be the investigation that this run submitted")
	}
	return nil
}
