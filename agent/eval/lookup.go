package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"vedette/agent/measure"
)

// Tools is the agent door of an instance.
type Tools interface {
	// Call calls a tool and returns the text of its answer.
	Call(ctx context.Context, tool string, arguments any) (string, error)
}

const searchTool = "search_evidence"

// Ask puts every question with at most three calls of 1,000 tokens each and
// looks for the answer in what came back, blanks and case folded. incidents
// gives the instance's id of a source's number.
func Ask(ctx context.Context, set Questions, incidents map[string]string, door Tools, progress Progress) ([]measure.Lookup, error) {
	var out []measure.Lookup
	for n, q := range set.Questions {
		incident, known := incidents[q.Incident]
		if !known {
			return nil, fmt.Errorf("question %s is about incident %s, which is not in the set", q.ID, q.Incident)
		}
		l, err := lookUp(ctx, q, incident, door)
		if err != nil {
			return nil, fmt.Errorf("question %s: %w", q.ID, err)
		}
		out = append(out, l)
		progress(n+1, len(set.Questions))
	}
	return out, nil
}

func lookUp(ctx context.Context, q Question, incident string, door Tools) (measure.Lookup, error) {
	l := measure.Lookup{ID: q.ID, Incident: q.Incident}
	answer := folded(q.Answer)
	var shown []string // whole answers, before the cut
	for n, call := range Plan(q, incident) {
		text, err := door.Call(ctx, searchTool, call)
		if err != nil {
			return l, err
		}
		shown = append(shown, text)
		kind := call.Type
		if kind == "" {
			kind = "any"
		}
		l.Asked = append(l.Asked, kind)
		cut := []rune(text)
		cut = cut[:min(len(cut), 4*LookupTokens)]
		l.Characters += len(cut)
		if !l.Found && strings.Contains(spoken(string(cut)), answer) {
			l.Found, l.Call = true, n+1
		}
	}
	if l.Found {
		return l, nil
	}
	var err error
	l.Why, err = missed(ctx, q, incident, l.Asked, shown, door)
	return l, err
}

// missed says where an answer that was not found would have been. The label is
// read only here, when the question is over.
func missed(ctx context.Context, q Question, incident string, kinds, shown []string, door Tools) (string, error) {
	for _, text := range shown {
		if strings.Contains(spoken(text), folded(q.Answer)) {
			return "in the answer, beyond its budget", nil
		}
	}
	words := []rune(q.Answer)
	text, err := door.Call(ctx, searchTool, Search{Incident: incident, Query: string(words[:min(len(words), queryWidth)]), Limit: 100})
	if err != nil {
		return "", err
	}
	var found struct{ Rows [][]any }
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		return "", err
	}
	if len(found.Rows) == 0 {
		return "in no evidence row by its words", nil
	}
	for _, row := range found.Rows {
		id, _ := row[0].(string)
		for _, answer := range shown {
			if strings.Contains(answer, `["`+id+`",`) {
				return "its row was shown and the value cut", nil
			}
		}
	}
	for _, row := range found.Rows {
		if kind, _ := row[3].(string); slices.Contains(kinds, kind) {
			return "its row was ranked too low", nil
		}
	}
	return "in a type of evidence that the question does not name", nil
}

// spoken is a JSON answer as its reader understands it: escapes are undone, so
// that a path is found with single backslashes.
func spoken(text string) string {
	return folded(strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, " ", `\t`, " ").Replace(text))
}

// folded drops blanks and case.
func folded(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), "")) }
