package soc

import (
	"regexp"
	"slices"
)

// citationMark is "[E12]", also inside "[E12, E13]" (mcp.md section 5).
var citationMark = regexp.MustCompile(`\[\s*(E[1-9][0-9]{0,8}(?:\s*[,;]\s*E[1-9][0-9]{0,8})*)\s*\]`)

var evidenceMark = regexp.MustCompile(`E[1-9][0-9]{0,8}`)

// Cited lists the evidence ids that a comment cites, each once, in order.
func Cited(comment string) []string {
	var ids []string
	for _, mark := range citationMark.FindAllStringSubmatch(comment, -1) {
		for _, id := range evidenceMark.FindAllString(mark[1], -1) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// CountCitations sorts cited ids into those that exist and were served to the
// run, those that exist and were never read, and those that do not exist.
func CountCitations(cited []string, last int, served map[string]bool) Citations {
	var c Citations
	for _, id := range cited {
		number, ok := ParseEvidenceID(id)
		switch {
		case !ok || number > last:
			c.Unknown++
		case served[id]:
			c.OK++
		default:
			c.Unread++
		}
	}
	return c
}

// ReconcileTimeline compares the tools an agent says it called with those the
// server served it (S36): each claim uses up one served call of that name.
// elsewhere are calls that were not about one incident (a list, say): they
// back a claim, and nobody has to claim them.
func ReconcileTimeline(claimed []ToolCall, served, elsewhere []string) Timeline {
	left, more := counted(served), counted(elsewhere)
	var t Timeline
	for _, call := range claimed {
		switch {
		case left[call.Name] > 0:
			left[call.Name]--
			t.Matched++
		case more[call.Name] > 0:
			more[call.Name]--
			t.Matched++
		default:
			t.Invented++
		}
	}
	for _, n := range left {
		t.Missing += n
	}
	return t
}

func counted(tools []string) map[string]int {
	n := map[string]int{}
	for _, tool := range tools {
		n[tool]++
	}
	return n
}
