package soc

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestT26MergeTable is the table of triage.md T26, row by row.
func TestT26MergeTable(t *testing.T) {
	const (
		tp, bp, fp, un, su = VerdictTruePositive, VerdictBenignPositive, VerdictFalsePositive, VerdictUndetermined, VerdictSuspicious
	)
	for _, row := range []struct {
		floor        FloorResult
		model, check Verdict
		want         Verdict
		hold         Code
		raises       bool
	}{
		{FloorResult{Classification: fp}, fp, fp, fp, "", false},
		{FloorResult{Classification: bp}, bp, bp, bp, "", false},
		{FloorResult{Classification: fp}, bp, bp, bp, CodeFloorDisagrees, false},
		{FloorResult{Classification: bp}, tp, tp, tp, "", true},
		{FloorResult{Classification: bp}, su, tp, su, "", true},
		{FloorResult{Classification: tp}, fp, fp, fp, CodeFloorDisagrees, false},
		{FloorResult{Classification: tp}, un, un, un, CodeFloorDisagrees, false},
		{FloorResult{Classification: fp, Vetoed: true}, fp, fp, fp, CodeFloorDisagrees, false},
		{FloorResult{Classification: tp}, tp, tp, tp, "", false},
		{FloorResult{Classification: un}, fp, fp, fp, CodeHistoryThin, false},
		{FloorResult{Classification: fp, ColdStart: true}, fp, fp, fp, CodeHistoryThin, false},
		{FloorResult{Classification: un}, tp, tp, tp, "", true},
		{FloorResult{Classification: fp}, tp, bp, un, CodeFloorDisagrees, false},
		{FloorResult{Classification: tp}, fp, tp, un, CodeFloorDisagrees, false},
	} {
		m := Merge(row.floor, row.model, row.check)
		if m.Classification != row.want || m.Raises != row.raises || len(m.Holds) > 1 || row.hold != "" != (len(m.Holds) == 1) || row.hold != "" && m.Holds[0] != row.hold {
			t.Errorf("floor %+v, %s and %s: %+v", row.floor, row.model, row.check, m)
		}
	}
}

// TestT26NeverLowers: whatever a model says, nothing benign comes out unheld
// unless the floor says the same class, warm and without a veto.
func TestT26NeverLowers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		verdict := rapid.SampledFrom(AllVerdicts)
		floor := FloorResult{Classification: verdict.Draw(t, "floor"), Vetoed: rapid.Bool().Draw(t, "veto"), ColdStart: rapid.Bool().Draw(t, "cold")}
		m := Merge(floor, verdict.Draw(t, "model"), verdict.Draw(t, "check"))
		if m.Classification.Benign() && len(m.Holds) == 0 && (floor.Classification != m.Classification || floor.Vetoed || floor.ColdStart) {
			t.Fatalf("%+v became %+v", floor, m)
		}
	})
}

func investigated(model, check Verdict) Investigated {
	d := Investigated{
		Overview:   &Overview{Incident: "INC-1"},
		Hypotheses: &Hypotheses{Hypotheses: []Hypothesis{{ID: "H1"}}},
		Selection:  &Selection{Pages: []ServedPage{{Evidence: []string{"E1"}, Text: "page"}}, Notes: []SelectedNote{{Tool: "find_related", Text: "note"}}},
		Extraction: &Extraction{Facts: []Fact{{ID: "F1", Evidence: "E1", Claim: "claim", Quote: "quote"}, {ID: "F2", Evidence: "E2"}}, Dropped: 2},
		Verdict: &LoopVerdict{
			Classification: model, Score: 80, Reason: "Malware",
			Rationale: []CitedSentence{{Sentence: "It was so [E99].\nTruly.", Facts: []string{"F1", "F2"}}},
		},
		SelfCheck: &SelfCheck{Classification: check, Contrary: "F2", Why: "but"},
	}
	for _, q := range Questions {
		d.Verdict.Answers = append(d.Verdict.Answers, CitedAnswer{Question: q, Answer: "a", Facts: []string{"F1"}})
	}
	return d
}

// TestT25ConfidenceIsComputed: the product of three counted shares, and what the
// model claims is not among them.
func TestT25ConfidenceIsComputed(t *testing.T) {
	d := investigated(VerdictTruePositive, VerdictTruePositive)
	warm := FloorResult{Classification: VerdictTruePositive}
	if c := ComputeConfidence(d, warm); c.Coverage != 1 || c.Agreement != 1 || c.Precision != 0.5 || c.Value != 0.5 || c.Word != "medium" {
		t.Errorf("%+v", c)
	}
	warm.Classification = VerdictFalsePositive
	if c := ComputeConfidence(d, warm); c.Agreement != 2.0/3 {
		t.Errorf("%+v", c)
	}
	warm.ColdStart = true
	if c := ComputeConfidence(d, warm); c.Agreement != 1 {
		t.Errorf("a cold floor has a voice: %+v", c)
	}
	d.Verdict.Answers[0].Facts = nil
	d.Verdict.Score = 100
	if c := ComputeConfidence(d, warm); c.Coverage != 6.0/7 {
		t.Errorf("%+v", c)
	}
	if c := ComputeConfidence(Investigated{}, warm); c.Value != 0 || c.Word != "low" {
		t.Errorf("%+v", c)
	}
}

// TestReconcile: what is submitted cites evidence by the facts and by nothing a
// model wrote, and a benign end of a model without a record is held.
func TestReconcile(t *testing.T) {
	out := Reconcile(investigated(VerdictTruePositive, VerdictTruePositive), FloorResult{Classification: VerdictBenignPositive}, false)
	if out.Classification != VerdictTruePositive || !out.Raises || len(out.Holds) != 0 || out.Reason != "Malware" {
		t.Errorf("%+v", out)
	}
	if cited := Cited(out.Comment); !slices.Equal(cited, []string{"E1", "E2"}) {
		t.Errorf("%q cites %v", out.Comment, cited)
	}
	out = Reconcile(investigated(VerdictFalsePositive, VerdictFalsePositive), FloorResult{Classification: VerdictFalsePositive}, false)
	if !slices.Equal(out.Holds, []Code{CodeUncalibratedModel}) {
		t.Errorf("%v", out.Holds)
	}
	if out = Reconcile(investigated(VerdictFalsePositive, VerdictFalsePositive), FloorResult{Classification: VerdictFalsePositive}, true); len(out.Holds) != 0 {
		t.Errorf("%v", out.Holds)
	}
	if out = Reconcile(Investigated{}, FloorResult{Classification: VerdictFalsePositive}, true); !slices.Equal(out.Holds, []Code{CodeModelFailed}) {
		t.Errorf("%v", out.Holds)
	}
}

// TestT18SelfCheckSeesFactsAlone, and no stage sees the floor's verdict.
func TestT18SelfCheckSeesFactsAlone(t *testing.T) {
	d := investigated(VerdictTruePositive, VerdictTruePositive)
	raw, err := json.Marshal(d.Input(StageSelfCheck, "INC-1"))
	if err != nil || strings.Contains(string(raw), "overview") || strings.Contains(string(raw), "hypotheses") || strings.Contains(string(raw), "note") || strings.Contains(string(raw), "so") {
		t.Errorf("%s (%v)", raw, err)
	}
	for _, stage := range AllStages[:5] {
		if raw, _ := json.Marshal(d.Input(stage, "INC-1")); strings.Contains(string(raw), `"floor"`) {
			t.Errorf("%s: %s", stage, raw)
		}
	}
}

// TestT18QuotesAreLiteral: a fact stands only on words that are in evidence the
// run was served, whatever form the model copied them from.
func TestT18QuotesAreLiteral(t *testing.T) {
	row := Evidence{Number: 1, Text: "cmd /c \"whoami\"\nnext", Fields: []Field{{Name: "CommandLine", Value: "powershell <x> & y\u200b"}}}
	rows := map[string]Evidence{"E1": row, "E2": {Number: 2, Text: "unread"}}
	for quote, want := range map[string]bool{
		"whoami": true, `\"whoami\"`: true, "␊next": true, "<x> & y": true, "y⟦U+200B⟧": true,
		"WHOAMI": false, "": false, " ": false, "unread": false,
	} {
		got := Extraction{Facts: []Fact{{Claim: "c", Evidence: "E1", Quote: quote}}}.Prove(rows, map[string]bool{"E1": true})
		if (len(got.Facts) == 1) != want || got.Dropped+len(got.Facts) != 1 {
			t.Errorf("%q: %+v", quote, got)
		}
	}
	got := Extraction{Facts: []Fact{{Evidence: "E2", Quote: "unread"}, {Evidence: "E3", Quote: "x"}}}.Prove(rows, map[string]bool{"E1": true})
	if len(got.Facts) != 0 || got.Dropped != 2 {
		t.Errorf("%+v", got)
	}
}

// TestS62StageChain: no stored stage can be changed, dropped, moved or made
// without the key.
func TestS62StageChain(t *testing.T) {
	chain := NewStageChain(SecretKey{ID: 2, Key: [32]byte{2}}, SecretKey{ID: 1, Key: [32]byte{1}})
	var stages []RunStage
	before := ""
	for n := range 4 {
		s := RunStage{Workspace: "w", Run: "r", Seq: n + 1, Stage: AllStages[n], Fence: 1, Result: []byte(fmt.Sprintf(`{"n":%d}`, n)), Exchanges: []byte("[]"), At: time.UnixMicro(int64(n))}
		var err error
		if s.Chain, err = chain.Link(before, s); err != nil {
			t.Fatal(err)
		}
		before = s.Chain
		stages = append(stages, s)
	}
	if !chain.Proves(stages) || !chain.Proves(stages[:2]) || !chain.Proves(nil) {
		t.Fatal("a whole chain does not prove")
	}
	for name, change := range map[string]func([]RunStage) []RunStage{
		"result":    func(s []RunStage) []RunStage { s[1].Result = []byte(`{"n":9}`); return s },
		"exchanges": func(s []RunStage) []RunStage { s[1].Exchanges = []byte(`[{}]`); return s },
		"usage":     func(s []RunStage) []RunStage { s[1].Usage.TokensIn = 1; return s },
		"run":       func(s []RunStage) []RunStage { s[0].Run = "x"; return s },
		"dropped":   func(s []RunStage) []RunStage { return append(s[:1], s[2:]...) },
		"first":     func(s []RunStage) []RunStage { return s[1:] },
		"order":     func(s []RunStage) []RunStage { s[1], s[2] = s[2], s[1]; return s },
		"chain":     func(s []RunStage) []RunStage { s[3].Chain = s[2].Chain; return s },
	} {
		if chain.Proves(change(slices.Clone(stages))) {
			t.Errorf("%s: proves", name)
		}
	}
	if NewStageChain(SecretKey{ID: 1, Key: [32]byte{1}}).Proves(stages) {
		t.Error("another key proves")
	}
	stages[1].Result = []byte(`{ "n": 1 }`)
	if !chain.Proves(stages) {
		t.Error("the same document in other spacing does not prove")
	}
}

// TestS54SecretsAreRemoved, by value and by shape, and once is enough.
func TestS54SecretsAreRemoved(t *testing.T) {
	text := `key vdt_abcdefgh12345678 run vdr_ABCDEFGH-1234_ sk-proj-0123456789abcdef "Authorization: Bearer abcdefghijklmnop.qrs" own-secret-1 evidence stays`
	clean := RemoveSecrets(text, "own-secret-1", "short")
	for _, secret := range []string{"abcdefgh12345678", "ABCDEFGH", "0123456789abcdef", "abcdefghijklmnop", "own-secret"} {
		if strings.Contains(clean, secret) {
			t.Errorf("%q holds %q", clean, secret)
		}
	}
	if !strings.Contains(clean, "evidence stays") || RemoveSecrets(clean, "own-secret-1") != clean {
		t.Error(clean)
	}
}

// TestS61BudgetShare: any one limit is enough.
func TestS61BudgetShare(t *testing.T) {
	b := ShippedLoopBudget
	for _, u := range []LoopUsage{{ModelCalls: 12}, {TokensIn: 150_000}, {TokensOut: 12_000}, {CostMicros: 500_000}} {
		if b.Share(u, 0) < 1 {
			t.Errorf("%+v is not exhausted", u)
		}
	}
	if b.Share(LoopUsage{ModelCalls: 11}, time.Minute) >= 1 || !b.Finishing(LoopUsage{ModelCalls: 10}, 0) || !b.Finishing(LoopUsage{}, 5*time.Minute) || b.Finishing(LoopUsage{}, time.Minute) {
		t.Error("the shares are off")
	}
	if cost := (LoopPrice{In: 2_500_000, Out: 10_000_000}).Cost(1000, 100); cost != 3500 {
		t.Errorf("%d", cost)
	}
}
