package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"vedette/backend/soc"
)

// gateTarget bounds one decision, in seconds; binaryTarget the program, in MB.
const (
	gateTarget   = 50e-6
	binaryTarget = 60
)

// gateCase is a decision with everything in it: five steps, three severities,
// rates, breakers, policy findings.
func gateCase() soc.GateInput {
	ceiling := soc.Ceiling{Class: soc.ClassReversible, Impact: soc.ImpactHigh}
	in := soc.GateInput{
		Phase: soc.PhaseSubmit, Principal: soc.GatePrincipal{Kind: soc.PrincipalAgent, Role: soc.RoleSenior},
		Run: &soc.GateRun{
			TokenValid: true, Trigger: soc.TriggerInvestigateAndRespond, Taint: soc.TaintTainted, Envelope: ceiling, EnvelopeEntities: 10,
		},
		ClaimedTrigger: soc.TriggerInvestigateAndRespond, Severities: []soc.Severity{soc.SeverityHigh, soc.SeverityHigh, soc.SeverityMedium},
		PolicyLoaded: true, CatalogueLoaded: true, ProtectedLoaded: true,
		Policy:    []soc.PolicyFinding{{Rule: "night", Effect: soc.EffectRequireApproval}, {Rule: "lab", Effect: soc.EffectPermit}},
		BlastSoft: 10, BlastHard: 25,
		Populations: []soc.PopulationFact{{Known: 400, Used: 2, Asked: 3, Percent: 5, Floor: 5}, {Known: 900, Used: 1, Asked: 2, Percent: 5, Floor: 5}},
	}
	for _, severity := range []soc.Severity{soc.SeverityHigh, soc.SeverityMedium} {
		in.Settings = append(in.Settings, soc.AgentSettings{Severity: severity, Enabled: true, CeilingClean: ceiling, CeilingTainted: ceiling})
	}
	for _, entity := range []string{"ENT-1", "ENT-2", "ENT-3", "ENT-4", "ENT-5"} {
		in.Steps = append(in.Steps, soc.GateStep{Entity: entity, Class: soc.ClassReversible, Impact: soc.ImpactLow, Provenance: soc.ProvenanceSensorAsserted})
		in.Rates = append(in.Rates, soc.RateFact{Limit: "isolate_host/h", Used: 1, Asked: 1, Max: 5})
	}
	return in
}

// measureGate times the decision about an action.
func (b *bench) measureGate(context.Context) error {
	in := gateCase()
	const calls = 20_000
	for range calls / 10 {
		soc.Gate(in)
	}
	began := time.Now()
	for range calls {
		soc.Gate(in)
	}
	b.add("gate", figure{Name: "decision on five steps", Unit: "s", Value: time.Since(began).Seconds() / calls}.atMost(gateTarget))
	return nil
}

// measureBinary builds the program as it is released, where its source and a
// compiler are at hand; else it takes the size of this one.
func (b *bench) measureBinary(ctx context.Context) error {
	path := filepath.Join(b.folder, "vedette")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "vedette/cmd/vedette")
	note := "built with -trimpath -ldflags '-s -w'"
	if _, err := build.CombinedOutput(); err != nil {
		if err := ctx.Err(); err != nil {
			return err
		}
		own, err := os.Executable()
		if err != nil {
			return err
		}
		path, note = own, "this program as it was built; run in the source folder for the released one"
	}
	info, err := os.Stat(path)
	if err != nil {
		return errors.Join(errors.New("the program has no size"), err)
	}
	f := figure{Name: "size", Unit: "MB", Value: float64(info.Size()) / 1e6, Note: note}
	b.add("binary", f.atMost(binaryTarget))
	return nil
}
