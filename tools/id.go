package tools

import (
	"bytes"
	"regexp"
	"strings"

	"vedette/backend/soc"
	"vedette/schemas"
)

// idKind is one kind of typed id (M26).
type idKind struct {
	prefix string
	noun   string
	// source says where such ids are listed.
	source string
}

var (
	incidentIDs = idKind{soc.PrefixIncident, "incident", "list_incidents"}
	entityIDs   = idKind{soc.PrefixEntity, "entity", "get_incident with include entities"}
	gamebookIDs = idKind{soc.PrefixGamebook, "gamebook", "the receipt of submit_gamebook"}
	stepIDs     = idKind{soc.PrefixStep, "action", "get_status of its gamebook"}
)

// incidentNumber is the number that other families and people use. It is no
// id: the desk answers it with the id as a hint.
var incidentNumber = regexp.MustCompile(`^INC-\d{4}-\d{1,10}$`)

// check refuses a malformed id before anything is looked up. Nothing is
// trimmed, folded or repaired.
func (k idKind) check(member, id string) error {
	if soc.CheckID(k.prefix, id) || k.prefix == soc.PrefixIncident && incidentNumber.MatchString(id) {
		return nil
	}
	e := soc.Errorf(soc.Invalid, soc.CodeValidationError, "Argument %s is not a well-formed %s id: %q.", member, k.noun, shown(id))
	return e.WithFix("Such ids are %s and 8 characters, the last of which is a check character, like %s. A character is wrong or two are swapped: copy the id exactly from %s.",
		k.prefix, k.example(), k.source)
}

// example is a well-formed id of the kind.
func (k idKind) example() string {
	id, _ := soc.NewID(k.prefix, bytes.NewReader([]byte{7, 20, 2, 19, 9, 4, 25}))
	return id
}

func checkEvidenceID(member, id string) (int, error) {
	if number, ok := soc.ParseEvidenceID(id); ok {
		return number, nil
	}
	return 0, soc.Errorf(soc.Invalid, soc.CodeValidationError, "Argument %s is not an evidence id: %q.", member, shown(id)).
		WithFix("Evidence ids are E and a number, like E12, and count per incident: copy them from search_evidence.")
}

// checkHandle accepts what get_status can poll.
func checkHandle(member, id string) error {
	switch {
	case strings.HasPrefix(id, soc.PrefixGamebook):
		return gamebookIDs.check(member, id)
	case strings.HasPrefix(id, soc.PrefixStep):
		return stepIDs.check(member, id)
	case soc.CheckTriageID(id):
		return nil
	}
	return soc.Errorf(soc.Invalid, soc.CodeValidationError, "Argument %s is not a handle: %q.", member, shown(id)).
		WithFix("Handles begin with GB-, ACT- or triage- and come from submit_gamebook, get_status and triage_incident.")
}

// shown is text of the caller for a message: escaped, at most 80 characters.
func shown(text string) string { return cutBytes(soc.EscapeVisible(cutBytes(text, 80)), 160) }

// idExamples are well-formed values of arguments whose form no schema tells.
var idExamples = map[string]any{
	"incident_id": incidentIDs.example(), "entity_id": entityIDs.example(), "evidence_ids": []string{"E12"}, "ids": []string{gamebookIDs.example()},
	"gamebook_ids": []string{gamebookIDs.example()}, "playbook_id": "isolate_host",
}

// giveExamples replaces the examples of a validator, which knows no ids.
func giveExamples(faults schemas.Faults) {
	for i := range faults {
		name := faults[i].Path[strings.LastIndexByte(faults[i].Path, '.')+1:]
		name, _, _ = strings.Cut(name, "[")
		if example, known := idExamples[name]; known {
			raw, err := encode(map[string]any{name: example})
			if err == nil {
				faults[i].Example = string(raw)
			}
		}
	}
}
