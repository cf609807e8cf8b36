package measure

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vedette/backend/soc"
)

// authored is ten cases whose figures are worked out by hand below.
func authored() []Case {
	tp := func(id string, truth soc.Verdict, p float64) Case {
		return Case{ID: id, Truth: truth, P: soc.Probabilities{TruePositive: p, FalsePositive: 1 - p}, Stated: soc.VerdictUndetermined, Slices: map[string]string{"half": id[:1]}}
	}
	cases := []Case{
		tp("a1", soc.VerdictTruePositive, 0.95), tp("a2", soc.VerdictTruePositive, 0.90), tp("a3", soc.VerdictFalsePositive, 0.80), tp("a4", soc.VerdictTruePositive, 0.70),
		tp("a5", soc.VerdictFalsePositive, 0.40), tp("b1", soc.VerdictFalsePositive, 0.30), tp("b2", soc.VerdictTruePositive, 0.25), tp("b3", soc.VerdictFalsePositive, 0.12),
		tp("b4", soc.VerdictFalsePositive, 0.08), tp("b5", soc.VerdictFalsePositive, 0.04),
	}
	cases[0].Phases, cases[6].Phases = []string{"scan"}, []string{"exfiltration"}
	for i := 7; i < 10; i++ {
		cases[i].Stated, cases[i].Closable = soc.VerdictFalsePositive, i > 7
	}
	cases[6].Stated, cases[6].Closable = soc.VerdictFalsePositive, true
	cases[0].Unknown, cases[0].ColdStart = true, true
	return cases
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// TestT28Figures holds every figure against the sum done by hand.
func TestT28Figures(t *testing.T) {
	s, err := Summarize(authored(), 1)
	if err != nil {
		t.Fatal(err)
	}
	// Forced: TP for p > 0.5. TP right a1 a2 a4; a3 is a false alarm, b2 missed.
	if s.Confusion != (Confusion{{3, 0, 1}, {0, 0, 0}, {1, 0, 5}}) {
		t.Fatalf("confusion %v", s.Confusion)
	}
	near(t, "accuracy", s.Accuracy.Value, 0.8)
	near(t, "macro-F1 over the two classes", s.MacroF1.Value, (6.0/8+10.0/12)/2)
	// By falling confidence: b5 .96, a1 .95, b4 .92, a2 .90, b3 .88, a3 .80 wrong.
	near(t, "coverage at 0.975", s.Coverage[0].Covered.Value, 0.5)
	near(t, "its threshold", *s.Coverage[0].Threshold, 0.88)
	near(t, "answered", s.Answered.Share.Value, 0.4)
	if s.Answered.TPsBenign != 1 || s.Closing.Closed.N != 3 || s.Closing.WrongTPs.N != 1 || s.Closing.LostTPs.Of != 4 {
		t.Errorf("answered %+v, closing %+v", s.Answered, s.Closing)
	}
	if s.Cold.N != 1 || s.Cold.Marked.Value != 1 || s.Cold.Answered.N != 0 {
		t.Errorf("cold start %+v", s.Cold)
	}
	// Recall 0.90 of four TPs needs all: the cut is b2's 0.25; b3, b4, b5 of six.
	near(t, "hidden", s.Hidden[0].Share.Value, 0.5)
	if s.Hidden[0].LostTP != 0 || s.Hidden[0].Phases != nil {
		t.Errorf("hidden %+v", s.Hidden[0])
	}
	cut, _ := hiddenAt(authored(), 0.75)
	if cut.LostTP != 1 || fmt.Sprint(cut.Phases) != "[exfiltration]" {
		t.Errorf("a phase whose only TruePositive is hidden must be named: %+v", cut)
	}
	// Each of the ten cases has a bin of its own or shares one; by hand:
	// .95 .96 .92 .90 -> mean .9325, all right; .80 wrong and .88 right; .70 .70 right; .60 right; .75 wrong.
	near(t, "calibration error", s.CalibrationError, (4*(1-.9325)+2*math.Abs(.84-.5)+3*math.Abs((.70+.70+.75)/3-2.0/3)+(1-.60))/10)
}

// TestWilson compares with values published by NIST's handbook (7.2.4.1) and
// with the figures of triage.md section 5.2.
func TestWilson(t *testing.T) {
	for _, want := range []struct {
		n, of     int
		low, high float64
	}{{4, 20, .0807, .4160}, {1, 397, .0004, .0141}, {0, 10, 0, .2775}, {10, 10, .7225, 1}} {
		got := ShareOf(want.n, want.of)
		if math.Abs(got.Low-want.low) > 5e-4 || math.Abs(got.High-want.high) > 5e-4 {
			t.Errorf("%d of %d: %.4f-%.4f, want %.4f-%.4f", want.n, want.of, got.Low, got.High, want.low, want.high)
		}
	}
}

// TestFigureProperties: intervals hold their value, confusion holds every case,
// hiding never goes below the recall, and the order of cases does not matter.
func TestFigureProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "n")
		cases := make([]Case, n)
		for i := range cases {
			a, b := rapid.Float64Range(0, 1).Draw(t, "a"), rapid.Float64Range(0, 1).Draw(t, "b")
			cases[i] = Case{ID: fmt.Sprint(i), Truth: rapid.SampledFrom(Classes).Draw(t, "truth"), P: soc.Probabilities{TruePositive: a * b, BenignPositive: a * (1 - b), FalsePositive: 1 - a}}
		}
		sorted := byConfidence(cases)
		if total, right := confusionOf(cases, once(n)).total(); total != n || right != count(cases, Case.right) {
			t.Fatalf("%d cases, confusion holds %d, %d right", n, total, right)
		}
		share := ShareOf(rapid.IntRange(0, n).Draw(t, "k"), n)
		if share.Low > share.Value || share.High < share.Value || share.Low < 0 || share.High > 1 {
			t.Fatalf("%+v", share)
		}
		for _, recall := range recalls {
			h, ok := hiddenAt(cases, recall)
			tps := count(cases, isTP)
			if ok && float64(tps-h.LostTP) < recall*float64(tps) {
				t.Fatalf("recall %v: %d of %d TruePositives lost", recall, h.LostTP, tps)
			}
		}
		walk(sorted, once(n), func(taken, right int, p float64) {
			if right > taken || taken > n {
				t.Fatalf("%d right of %d taken", right, taken)
			}
		})
		again := append(append([]Case{}, cases[n/2:]...), cases[:n/2]...)
		if a, b := confusionOf(cases, once(n)).macroF1(), confusionOf(again, once(n)).macroF1(); a != b {
			t.Fatalf("order changes macro-F1: %v, %v", a, b)
		}
	})
}

// TestReport: same cases, same bytes; hostile text of a set reaches no markup.
func TestReport(t *testing.T) {
	cases := authored()
	cases[0].Slices["half"] = `<script>alert(1)</script>|x`
	report, err := Report{Set: "authored", Split: "dev", Tuned: true, Seed: 3, Notes: []string{"a | b"}}.Assemble(cases)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := Report{Set: "authored", Split: "dev", Tuned: true, Seed: 3, Notes: []string{"a | b"}}.Assemble(cases)
	one, _ := report.JSON()
	two, _ := again.JSON()
	if string(one) != string(two) {
		t.Error("the same cases and seed give other bytes")
	}
	page, err := report.HTML()
	if err != nil || strings.Contains(string(page), "<script") || strings.Count(string(page), "<svg") != 3 {
		t.Errorf("error %v, page of %d bytes with %d plots", err, len(page), strings.Count(string(page), "<svg"))
	}
	text := string(report.Markdown())
	if !strings.Contains(text, "dev (tuned)") || !strings.Contains(text, `a \| b`) {
		t.Error("the page must call a tuned split tuned, and keep cells whole")
	}
	if _, err := Summarize([]Case{{ID: "x", Truth: "Maybe"}}, 1); err == nil {
		t.Error("an unknown label must be an error")
	}
}
