package playbook

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"vedette/backend/soc"
)

// Bounds of a triage playbook (triage-api.md section 7).
const (
	maxTriageSteps       = 50
	maxTriageDescription = 1000
	maxTriageTrigger     = 50
	maxTriageValues      = 20
)

var (
	sourceSlug = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	typeForm   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
)

// CheckTriage lists everything that is wrong with a triage playbook: each
// problem names the member, what it may be, and what to do. known are the
// procedures it may follow, nil where that cannot be asked, as in a file that
// is looked at away from its workspace.
func (c *Catalogue) CheckTriage(d soc.TriageDraft, known []string) []Problem {
	k := &checker{positions: Lines{}}
	k.form("name", d.Name, idForm, "a lower-case word such as custom_phishing: a letter first, then up to 63 letters, digits and _")
	if n := utf8.RuneCountInString(d.Description); n > maxTriageDescription {
		k.bad("description", "has %d characters; at most %d are allowed", n, maxTriageDescription)
	}
	k.trigger(d)
	if d.SOP != "" && known != nil && !slices.Contains(known, d.SOP) {
		k.bad("sop_id", "is not a classification procedure of this workspace; use one of %s, or leave it out", strings.Join(known, ", "))
	}
	if n := len(d.Steps); n < 1 || n > maxTriageSteps {
		k.bad("steps", "has %d steps; from 1 to %d are allowed", n, maxTriageSteps)
		return k.problems
	}
	for i, step := range d.Steps {
		k.triageStep(c, fmt.Sprintf("steps[%d]", i), step)
	}
	return k.problems
}

func (k *checker) trigger(d soc.TriageDraft) {
	list := func(path string, values []string, form *regexp.Regexp, like string) {
		if len(values) > maxTriageTrigger {
			k.bad(path, "lists %d values; at most %d are allowed", len(values), maxTriageTrigger)
			return
		}
		for i, value := range values {
			k.form(fmt.Sprintf("%s[%d]", path, i), value, form, like)
		}
		k.once(path, values)
	}
	sources := make([]string, len(d.Sources))
	for i, s := range d.Sources {
		sources[i] = soc.FamilySource(s)
	}
	list("trigger.sources", sources, sourceSlug, "a source in lower case such as sentinel or email_gateway")
	list("trigger.incident_types", d.Types, typeForm, "an incident type such as phishing")
	severities := make([]string, 0, len(d.Severities))
	for i, s := range d.Severities {
		if !slices.Contains(soc.AllSeverities, s) {
			k.bad(fmt.Sprintf("trigger.severities[%d]", i), "must be one of %s", strings.Join(soc.TriageFactWords(soc.FactSeverity), ", "))
		}
		severities = append(severities, string(s))
	}
	k.once("trigger.severities", severities)
}

func (k *checker) triageStep(c *Catalogue, path string, step soc.TriageStep) {
	p, known := c.Lookup(step.Action)
	if !known {
		k.bad(path+".action", "is not an action; use one of %s", strings.Join(c.IDs(), ", "))
	} else if _, err := CheckParameters(p, step.Parameters); err != nil {
		for _, at := range sortedPaths(err.Fields) {
			k.bad(path+"."+at, "%s", strings.TrimSuffix(strings.Join(err.Fields[at], "; "), ".")+". "+err.Fix)
		}
	}
	if step.Condition != nil {
		k.condition(path+".condition", *step.Condition)
	}
}

func sortedPaths(fields map[string][]string) []string {
	paths := make([]string, 0, len(fields))
	for path := range fields {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

func (k *checker) condition(path string, c soc.TriageCondition) {
	if !slices.Contains(soc.AllTriageFacts, c.Field) {
		k.bad(path+".field", "is not a fact; use one of %s", strings.Join(soc.AllTriageFacts, ", "))
		return
	}
	if operators := soc.TriageOperators(c.Field); !slices.Contains(operators, c.Op) {
		k.bad(path+".op", "does not go with %s; use one of %s", c.Field, strings.Join(operators, ", "))
		return
	}
	most := 1
	if c.Op == "in" {
		most = maxTriageValues
	}
	if len(c.Values) < 1 || len(c.Values) > most {
		k.bad(path+".value", "must be %s", map[bool]string{true: fmt.Sprintf("a list of 1 to %d values", maxTriageValues), false: "one value, not a list"}[c.Op == "in"])
		return
	}
	words := soc.TriageFactWords(c.Field)
	for _, value := range c.Values {
		switch {
		case words == nil && !hundredths.MatchString(value):
			k.bad(path+".value", "must be a number from 0 to 1 with two decimals at most")
		case words != nil && !slices.Contains(words, value):
			k.bad(path+".value", "must be one of %s", strings.Join(words, ", "))
		}
	}
	k.once(path+".value", c.Values)
}

// hundredths are the numbers that a confidence may be.
var hundredths = regexp.MustCompile(`^(0(\.\d{1,2})?|1(\.0{1,2})?)$`)
