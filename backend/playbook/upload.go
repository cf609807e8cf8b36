package playbook

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"vedette/backend/soc"
)

// With is the catalogue with the playbooks of a file in the place of their
// namesakes, or beside the others where they are new. The file is checked as one
// of its own; what it says is judged with the whole, so that an inverse may stand
// in either. What stays and loses its inverse becomes irreversible. The ids are
// those of the file, in its order; the error is a *FileError.
func (c *Catalogue) With(data []byte) (*Catalogue, []string, error) {
	var file fileCatalogue
	lines, err := ReadStrict(data, &file)
	if err != nil {
		return nil, nil, err
	}
	own := checker{positions: lines}
	if file.Format != Format {
		own.bad("format", "must be %q", Format)
	}
	if len(file.Playbooks) == 0 {
		own.bad("playbooks", "must list at least one playbook")
	}
	var ids []string
	merged := fileCatalogue{Format: Format, Playbooks: slices.Clone(c.entries)}
	places := map[int]int{} // of the whole, by their place in the file
	for i, entry := range file.Playbooks {
		if slices.Contains(ids, entry.ID) {
			own.bad(fmt.Sprintf("playbooks[%d].id", i), "%q is listed twice", entry.ID)
			continue
		}
		ids = append(ids, entry.ID)
		at, known := c.byID[entry.ID]
		if !known {
			at = len(merged.Playbooks)
			merged.Playbooks = append(merged.Playbooks, entry)
		}
		merged.Playbooks[at] = entry
		places[at] = i
	}
	if len(own.problems) > 0 {
		return nil, nil, own.failure()
	}
	whole := checker{stays: func(i int) bool { _, uploaded := places[i]; return !uploaded }}
	out := whole.catalogue(merged)
	for _, p := range whole.problems {
		p.Path = renumbered(p.Path, places)
		own.problems = append(own.problems, Problem{Path: p.Path, Line: lines.Line(p.Path), Message: p.Message})
	}
	if len(own.problems) > 0 {
		return nil, nil, own.failure()
	}
	return out, ids, nil
}

func (k *checker) failure() error {
	slices.SortStableFunc(k.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return &FileError{k.problems}
}

// renumbered spells a path of the whole as the file that was sent would.
func renumbered(path string, places map[int]int) string {
	for at, i := range places {
		if rest, inside := strings.CutPrefix(path, fmt.Sprintf("playbooks[%d]", at)); inside {
			return fmt.Sprintf("playbooks[%d]%s", i, rest)
		}
	}
	return path
}

// File is the catalogue file that says what a draft says. Words that are none are
// left for the check to name.
func File(draft soc.PlaybookDraft) ([]byte, error) {
	entry := filePlaybook{
		ID: draft.ID, Version: draft.Version, Name: draft.Name, Description: draft.Description, Class: draft.Class, Impact: draft.Impact,
		RequiredProperties: draft.RequiredProperties, Operation: draft.Operation, Rollback: draft.Rollback,
		RecoveryWindow: draft.RecoveryWindow, AutoRevert: draft.AutoRevert, Undo: draft.Undo, Idempotent: draft.Idempotent,
		ConflictsWith: draft.ConflictsWith, D3FEND: draft.D3FEND, Internal: draft.Internal,
	}
	if class, known := soc.PortalClass.Core(draft.Class); known {
		entry.Class = string(class)
	}
	entry.EntityKinds = slices.Clone(draft.EntityKinds)
	for i, word := range entry.EntityKinds {
		if kind, known := soc.PortalEntityKind.Core(word); known {
			entry.EntityKinds[i] = string(kind)
		}
	}
	for _, q := range draft.Parameters {
		entry.Parameters = append(entry.Parameters, fileParameter(q))
	}
	if p := draft.Probe; p != nil {
		entry.Probe = &fileProbe{Operation: p.Operation, Expect: p.Expect, Timeout: p.Timeout, Retries: p.Retries}
	}
	return yaml.Marshal(fileCatalogue{Format: Format, Playbooks: []filePlaybook{entry}})
}
