package soc

import "testing"

func TestWritesBack(t *testing.T) {
	closed := Incident{Status: StatusClosed, Verdict: VerdictFalsePositive, VerdictReason: "Other", ClosedBy: "person-1", ExternalID: "42", ShortID: "INC-1"}
	change := func(change func(*Incident)) Incident {
		i := closed
		change(&i)
		return i
	}
	open := change(func(i *Incident) { i.Status = StatusActive })
	for name, test := range map[string]struct {
		before, after Incident
		want          bool
	}{
		"closed":                 {open, closed, true},
		"another verdict":        {closed, change(func(i *Incident) { i.Verdict = VerdictTruePositive }), true},
		"another reason":         {closed, change(func(i *Incident) { i.VerdictReason = "InaccurateData" }), true},
		"a comment":              {closed, change(func(i *Incident) { i.ClosingComment = "x" }), false},
		"still open":             {open, open, false},
		"reopened":               {closed, open, false},
		"closed by the product":  {open, change(func(i *Incident) { i.ClosedBy = BySource }), false},
		"closed without verdict": {open, change(func(i *Incident) { i.Verdict = "" }), false},
		"made in Vedette":        {open, change(func(i *Incident) { i.ExternalID = i.ShortID }), false},
	} {
		if got := WritesBack(test.before, test.after); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
