package soc

import (
	"cmp"
	"fmt"
	"strings"
)

// namedSteps bounds how many steps a summary names.
const namedSteps = 10

// TargetName is how the server's own sentences name a step's target: by its
// name if a product vouches for it, else by its id (M25).
func (s Step) TargetName() string {
	if s.Provenance == ProvenanceSensorAsserted && s.EntityName != "" {
		return DisplayName(s.EntityName)
	}
	return s.Entity
}

// titleSteps is how many steps a title names.
const titleSteps = 3

// GamebookTitle says in the server's own words what a gamebook does; playbooks
// are the catalogue's entries by id.
func GamebookTitle(g Gamebook, playbooks map[string]Playbook) string {
	var parts []string
	for _, step := range g.Steps[:min(titleSteps, len(g.Steps))] {
		parts = append(parts, cmp.Or(playbooks[step.Playbook].Name, step.Playbook)+" on "+step.TargetName())
	}
	title := strings.Join(parts, ", ")
	if more := len(g.Steps) - titleSteps; more > 0 {
		title += fmt.Sprintf(" and %d more", more)
	}
	return title
}

// GamebookSummary is the sentence of a receipt (portal-api.md section 7), made
// of stored rows alone.
func GamebookSummary(g Gamebook, severity Severity) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Gamebook %s queued for %s severity incident. %d playbook(s) scheduled: ", g.ID, PortalSeverity.Word(severity), len(g.Steps))
	for i, s := range g.Steps {
		if i == namedSteps {
			fmt.Fprintf(&b, " and %d more", len(g.Steps)-namedSteps)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s on %s (%d)", s.Playbook, s.TargetName(), s.Sequence)
	}
	if g.NeedsApproval {
		b.WriteString(". Waiting for approval: " + joinCodes(g.QueueReasons) + ".")
	} else {
		b.WriteString(". Running without approval.")
	}
	return b.String()
}

func joinCodes(codes []Code) string {
	words := make([]string, len(codes))
	for i, c := range codes {
		words[i] = string(c)
	}
	return strings.Join(words, ", ")
}

// SimulationSummary is the sentence of a dry run.
func SimulationSummary(result GateResult, steps int) string {
	switch result.Outcome {
	case OutcomeRun:
		return fmt.Sprintf("Simulated: %d playbook(s) would run without approval. Nothing was stored.", steps)
	default:
		return fmt.Sprintf("Simulated: %d playbook(s) would wait for approval: %s. Nothing was stored.", steps, joinCodes(result.Reasons))
	}
}

// RefusalSummary is the sentence of a refused submit.
func RefusalSummary(code Code, message string) string {
	meaning, _ := MeaningOf(code)
	if message == "" {
		message = meaning.Meaning
	}
	return fmt.Sprintf("Not queued (%s): %s %s", code, message, meaning.Next)
}

// DuplicateSummary is the sentence for a plan that is not finished.
func DuplicateSummary(g Gamebook) string {
	waits := "It runs without approval."
	if g.NeedsApproval {
		waits = "It waits for approval: " + joinCodes(g.QueueReasons) + "."
	}
	return fmt.Sprintf("Gamebook %s with the same steps is not finished (%s); nothing was added. %s", g.ID, g.Status, waits)
}
