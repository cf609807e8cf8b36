package playbook

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"vedette/backend/soc"
)

// TriageFormat is the first line of every file of triage playbooks.
const TriageFormat = "vedette.triage.v1"

// maxTriageFile is how many playbooks one file may hold.
const maxTriageFile = 200

type triageFile struct {
	Format    string        `yaml:"format"`
	Playbooks []triageEntry `yaml:"playbooks"`
}

type triageEntry struct {
	Name        string          `yaml:"name"`
	Description string          `yaml:"description,omitempty"`
	Enabled     bool            `yaml:"enabled"`
	Trigger     triageTrigger   `yaml:"trigger,omitempty"`
	SOP         string          `yaml:"sop_id,omitempty"`
	Steps       []triageStepRow `yaml:"steps"`
}

type triageTrigger struct {
	Sources    []string `yaml:"sources,omitempty,flow"`
	Types      []string `yaml:"incident_types,omitempty,flow"`
	Severities []string `yaml:"severities,omitempty,flow"`
}

type triageStepRow struct {
	Action     string              `yaml:"action"`
	Parameters map[string]any      `yaml:"parameters,omitempty"`
	Condition  *triageConditionRow `yaml:"condition,omitempty"`
}

type triageConditionRow struct {
	Field string `yaml:"field"`
	Op    string `yaml:"op"`
	Value any    `yaml:"value"`
}

// LoadTriage reads a file of triage playbooks of at most MaxFileSize bytes. It
// returns either drafts in which every rule holds, or a *FileError that lists
// every problem with its line. known are the procedures they may follow, nil
// where that cannot be asked.
func (c *Catalogue) LoadTriage(data []byte, known []string) ([]soc.TriageDraft, error) {
	var file triageFile
	// A confidence is a fraction; it is kept as text, so nothing hashes it as one.
	at, err := readStrict(data, &file, func(p Problem) bool { return strings.HasPrefix(p.Message, fractions) })
	if err != nil {
		return nil, err
	}
	bad := []Problem{}
	add := func(path, message string) {
		bad = append(bad, Problem{Path: path, Line: at.Line(path), Message: message})
	}
	if file.Format != TriageFormat {
		add("format", fmt.Sprintf("must be %q", TriageFormat))
	}
	if n := len(file.Playbooks); n < 1 || n > maxTriageFile {
		add("playbooks", fmt.Sprintf("lists %d playbooks; from 1 to %d are allowed", n, maxTriageFile))
		return nil, &FileError{bad}
	}
	var drafts []soc.TriageDraft
	for i, entry := range file.Playbooks {
		draft := entry.draft()
		for _, p := range c.CheckTriage(draft, known) {
			add(fmt.Sprintf("playbooks[%d].%s", i, p.Path), p.Message)
		}
		if slices.ContainsFunc(drafts, func(d soc.TriageDraft) bool { return d.Name == draft.Name }) {
			add(fmt.Sprintf("playbooks[%d].name", i), "is the name of an earlier playbook of this file; give it another")
		}
		drafts = append(drafts, draft)
	}
	if len(bad) > 0 {
		slices.SortStableFunc(bad, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
		return nil, &FileError{bad}
	}
	return drafts, nil
}

func (e triageEntry) draft() soc.TriageDraft {
	d := soc.TriageDraft{
		Name: e.Name, Description: e.Description, Enabled: e.Enabled, SOP: e.SOP, Types: e.Trigger.Types,
		Severities: soc.TriageTriggerSeverities(e.Trigger.Severities),
	}
	for _, source := range e.Trigger.Sources {
		d.Sources = append(d.Sources, soc.FromFamilySource(source))
	}
	for _, row := range e.Steps {
		step := soc.TriageStep{Action: row.Action, Parameters: row.Parameters}
		if row.Condition != nil {
			step.Condition = &soc.TriageCondition{Field: row.Condition.Field, Op: row.Condition.Op, Values: ConditionValues(row.Condition.Value)}
		}
		d.Steps = append(d.Steps, step)
	}
	return d
}

// ConditionValues are the values of a condition as it was sent: a text, a number
// or a list of them. What is none of these becomes a text that no fact has, for
// the check to name.
func ConditionValues(sent any) []string {
	switch value := sent.(type) {
	case string:
		return []string{value}
	case int:
		return []string{strconv.Itoa(value)}
	case float64:
		return []string{strconv.FormatFloat(value, 'f', -1, 64)}
	case []any:
		var values []string
		for _, one := range value {
			values = append(values, ConditionValues(one)...)
		}
		return values
	case nil:
		return nil
	}
	return []string{"?"}
}

// ConditionValue is the inverse of ConditionValues.
func ConditionValue(c soc.TriageCondition) any {
	if c.Op == "in" {
		return c.Values
	}
	if number, err := strconv.ParseFloat(c.Values[0], 64); err == nil && c.Field == soc.FactConfidence {
		return number
	}
	return c.Values[0]
}

// WriteTriage is the file of some triage playbooks; LoadTriage reads it back.
func WriteTriage(drafts []soc.TriageDraft) ([]byte, error) {
	file := triageFile{Format: TriageFormat}
	for _, d := range drafts {
		e := triageEntry{Name: d.Name, Description: d.Description, Enabled: d.Enabled, SOP: d.SOP}
		e.Trigger = triageTrigger{Types: d.Types, Severities: soc.TriageTriggerWords(d.Severities)}
		for _, source := range d.Sources {
			e.Trigger.Sources = append(e.Trigger.Sources, soc.FamilySource(source))
		}
		for _, step := range d.Steps {
			row := triageStepRow{Action: step.Action, Parameters: step.Parameters}
			if c := step.Condition; c != nil {
				row.Condition = &triageConditionRow{c.Field, c.Op, ConditionValue(*c)}
			}
			e.Steps = append(e.Steps, row)
		}
		file.Playbooks = append(file.Playbooks, e)
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(file); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}

// ProblemsOf are the problems of a *FileError, or the one that another error is.
func ProblemsOf(err error) []Problem {
	var file *FileError
	if errors.As(err, &file) {
		return file.Problems
	}
	return []Problem{{Message: err.Error()}}
}
