package measure

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// table is one table of a report, drawn alike as Markdown and as HTML.
type table struct {
	title string
	note  string
	head  []string
	rows  [][]string
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func number(v float64) string { return fmt.Sprintf("%.3f", v) }

func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }

func (s Share) text() string {
	if s.Of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f (%d of %d; %.3f-%.3f)", s.Value, s.N, s.Of, s.Low, s.High)
}

func (e Estimate) text() string { return fmt.Sprintf("%.3f (%.3f-%.3f)", e.Value, e.Low, e.High) }

// tables are the whole report in tables, in the order in which it is read.
func (r Report) tables() []table {
	out := []table{r.about(), r.headline(), r.confusion(), r.classes(), r.reliability()}
	if len(r.Summary.Hidden) > 0 {
		out = append(out, r.hidden())
	}
	out = append(out, r.rates())
	if len(r.Slices) > 0 {
		out = append(out, r.slices())
	}
	return out
}

func (r Report) about() table {
	t := table{title: "What was measured", head: []string{"", ""}}
	for _, line := range [][2]string{
		{"set, split", r.Set + ", " + r.split()},
		{"mode, through", r.Mode + ", " + r.Through},
		{"delay of verdicts", r.Delay},
		{"pooling", r.Pooling},
		{"rows read, scored", fmt.Sprintf("%d, %d", r.Read, r.Scored)},
		{"version", r.Version},
		{"weights version", fmt.Sprint(r.Weights)},
		{"model", r.Model},
		{"date, seed", fmt.Sprintf("%s, %d", r.Date, r.Seed)},
		{"command", r.Command},
	} {
		t.row(line[0], line[1])
	}
	for _, why := range slices.Sorted(maps.Keys(r.Skipped)) {
		t.row("left out: "+why, fmt.Sprint(r.Skipped[why]))
	}
	for _, note := range r.Notes {
		t.row("note", note)
	}
	return t
}

func (r Report) headline() table {
	s := r.Summary
	t := table{
		title: "Figures", note: "In brackets the 95 % interval: bootstrap of 1,000 resamples for macro-F1 and coverage, Wilson for shares.",
		head: []string{"measure", "value"},
	}
	t.row("macro-F1, forced answer", s.MacroF1.text())
	t.row("accuracy, forced answer", s.Accuracy.text())
	for _, c := range s.Coverage {
		threshold := "none"
		if c.Threshold != nil {
			threshold = fmt.Sprintf("%.4f", *c.Threshold)
		}
		t.row(fmt.Sprintf("coverage at accuracy %g, threshold %s", c.Accuracy, threshold), c.Covered.text())
	}
	t.row("expected calibration error", number(s.CalibrationError))
	t.row("answered (not Undetermined)", s.Answered.Share.text())
	t.row("right, of those answered", s.Answered.Right.text())
	t.row("TruePositives called benign", fmt.Sprint(s.Answered.TPsBenign))
	t.row("closable, of all", s.Closing.Closed.text())
	t.row("TruePositives among closable", s.Closing.WrongTPs.text())
	t.row("closable, of all TruePositives", s.Closing.LostTPs.text())
	t.row("without workspace history: right", s.Cold.Right.text())
	t.row("without workspace history: marked cold start", s.Cold.Marked.text())
	t.row("without workspace history: answered", s.Cold.Answered.text())
	t.row("without workspace history: closable", fmt.Sprint(s.Cold.Closed))
	return t
}

func (r Report) confusion() table {
	t := table{title: "Confusion matrix", note: "Labels are rows, forced answers columns.", head: []string{"label"}}
	for _, class := range Classes {
		t.head = append(t.head, string(class))
	}
	for i, class := range Classes {
		cells := []string{string(class)}
		for j := range Classes {
			cells = append(cells, fmt.Sprint(r.Summary.Confusion[i][j]))
		}
		t.row(cells...)
	}
	return t
}

func (r Report) classes() table {
	t := table{title: "Per class", head: []string{"class", "labelled", "precision", "recall", "F1"}}
	for _, c := range r.Summary.Classes {
		t.row(string(c.Class), fmt.Sprint(c.Labelled), c.Precision.text(), c.Recall.text(), number(c.F1))
	}
	return t
}

func (r Report) reliability() table {
	t := table{title: "Reliability", head: []string{"confidence", "cases", "mean confidence", "right"}}
	for _, b := range r.Summary.Reliability {
		if b.N > 0 {
			t.row(fmt.Sprintf("%.1f-%.1f", b.From, b.To), fmt.Sprint(b.N), number(b.Confidence), b.Right.text())
		}
	}
	return t
}

func (r Report) hidden() table {
	t := table{
		title: "Hidden by rank", note: "Cases ranked by p(TruePositive) and cut where the recall is reached.",
		head: []string{"recall", "others hidden", "TruePositives lost", "attack phases without a survivor"},
	}
	for _, h := range r.Summary.Hidden {
		lost := "none"
		if len(h.Phases) > 0 {
			lost = strings.Join(h.Phases, ", ")
		}
		t.row(number(h.Recall), h.Share.text(), fmt.Sprint(h.LostTP), lost)
	}
	return t
}

func (r Report) hiddenRows() (rows [][]string) {
	for _, h := range r.Summary.Hidden {
		rows = append(rows, []string{fmt.Sprintf("others hidden at TruePositive recall %g", h.Recall), h.Share.text()})
	}
	return rows
}

func (r Report) rates() table {
	t := table{title: "Held, escalated, undetermined", head: []string{"label", "held", "escalated", "undetermined"}}
	for _, c := range r.Summary.Rates {
		t.row(string(c.Class), c.Held.text(), c.Escalated.text(), c.Undetermined.text())
	}
	return t
}

func (r Report) slices() table {
	t := table{title: "Per slice", head: []string{"slice", "cases", "accuracy", "macro-F1", "coverage at 0.975", "closable", "TPs closable", "hidden at recall 0.95"}}
	for _, s := range r.Slices {
		hidden := "-"
		for _, h := range s.Summary.Hidden {
			if h.Recall == 0.95 {
				hidden = percent(h.Share.Value)
			}
		}
		t.row(s.By+": "+s.Value, fmt.Sprint(s.Summary.N), number(s.Summary.Accuracy.Value), s.Summary.MacroF1.text(),
			s.Summary.Coverage[0].Covered.text(), fmt.Sprint(s.Summary.Closing.Closed.N), fmt.Sprint(s.Summary.Closing.WrongTPs.N), hidden)
	}
	return t
}
