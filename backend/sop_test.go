package backend

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vedette/backend/soc"
)

// sopEdit asks for a version with another text.
func sopEdit(id, text string) soc.SOPEdit {
	return soc.SOPEdit{ID: id, Event: "sop_uploaded", Edit: func(s soc.SOP) soc.SOP {
		s.Enabled = true
		return s.WithText(text)
	}}
}

// TestS43ProcedureTakesTwoPeople: a text waits for a second person and is read
// line by line before; a run goes by what it was started with; fewer incidents are
// one person's, more are not; a changed base makes the change stale.
func TestS43ProcedureTakesTwoPeople(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		b.insertPerson("mgr2", soc.RoleManager)
		b.minting(7)
		first := soc.SOPEdit{New: true, Event: "sop_uploaded", Edit: func(s soc.SOP) soc.SOP {
			s.Name, s.Kind = "Ransom notes", "classification"
			return s.WithText("# Ransom\n\nCall the desk.\n")
		}}
		asked, err := b.EditSOP(ctx, b.as("mgr"), first)
		if b.must(err); asked.Made || asked.SOP.Text != "" || asked.Change == nil || asked.Change.Kind != soc.PartSOP {
			t.Fatalf("one person made a procedure: %+v", asked)
		}
		id := asked.Change.Target
		if _, err := b.GetSOP(ctx, b.as("vw"), id, 0); soc.AsError(err).Kind != soc.NotFound {
			t.Errorf("in force before the second person: %v", err)
		}
		shown, err := b.CompareSOPVersions(ctx, b.as("mgr2"), id, 0, 0, asked.Change.ID)
		if b.must(err); !strings.Contains(shown.Lines, "+Call the desk.") || shown.To != 1 {
			t.Errorf("what the second person reads: %+v", shown)
		}
		_, err = b.confirm("mgr2", *asked.Change)
		b.must(err)
		run := b.started("sr1", b.incident, soc.TriggerInvestigateOnly)
		reader := b.agent
		reader.Run = &run.Run
		b.wait(time.Minute)

		next, err := b.EditSOP(ctx, b.as("mgr"), sopEdit(id, "# Ransom\n\nPay at once.\n"))
		b.must(err)
		stale, err := b.EditSOP(ctx, b.as("mgr2"), sopEdit(id, "# Ransom\n\nNever pay.\n"))
		b.must(err)
		done, err := b.confirm("mgr2", *next.Change)
		if b.must(err); done.State != soc.ChangeApplied {
			t.Fatalf("%+v", done)
		}
		if _, err = b.confirm("mgr", *stale.Change); soc.AsError(err).Code != soc.CodeInvalidState {
			t.Errorf("asked of an older version: %v", err)
		}
		text := func(by soc.Actor) string {
			found, err := b.GetSOPs(ctx, by, soc.IncidentRef{}, id)
			b.must(err)
			return found[0].SOP.Text
		}
		if now, then := text(b.agent), text(reader); !strings.Contains(now, "Pay at once") || !strings.Contains(then, "Call the desk") {
			t.Errorf("now %q, in the run %q", now, then)
		}
		same, err := b.EditSOP(ctx, b.as("mgr"), sopEdit(id, "# Ransom\n\nPay at once.\n"))
		if b.must(err); same.Made || same.Change != nil || same.SOP.Version != 2 {
			t.Errorf("equal bytes: %+v", same)
		}

		match := func(types ...string) soc.SOPEdit {
			return soc.SOPEdit{ID: id, Event: "sop_changed", Edit: func(s soc.SOP) soc.SOP { return s.WithRule(soc.SOPMatchRule{IncidentTypes: types}) }}
		}
		narrow, err := b.EditSOP(ctx, b.as("mgr"), match("ransomware"))
		if b.must(err); !narrow.Made || narrow.SOP.Version != 3 || narrow.Change != nil {
			t.Errorf("narrower: %+v", narrow)
		}
		wide, err := b.EditSOP(ctx, b.as("mgr"), match("ransomware", "phishing"))
		if b.must(err); wide.Made || wide.Change == nil {
			t.Errorf("wider: %+v", wide)
		}
		off, err := b.EditSOP(ctx, b.as("mgr"), soc.SOPEdit{ID: id, Event: "sop_changed", Reason: "it is wrong", Edit: func(s soc.SOP) soc.SOP {
			s.Enabled = false
			return s
		}})
		if b.must(err); !off.Made || off.SOP.Enabled {
			t.Errorf("off: %+v", off)
		}
		if _, err := b.GetSOPs(ctx, b.agent, soc.IncidentRef{}, id); err == nil {
			t.Error("an agent reads a procedure that is switched off")
		}
		if text(reader) == "" {
			t.Error("the run lost its procedure")
		}
		versions, more, err := b.ListSOPVersions(ctx, b.as("vw"), id, 0, 3)
		if b.must(err); len(versions) != 3 || !more || versions[0].Version != 4 || versions[0].Text != "" {
			t.Errorf("%+v", versions)
		}
		for name, by := range map[string]soc.Actor{"a senior": b.as("sr1"), "an agent": b.agent} {
			if _, err := b.EditSOP(ctx, by, sopEdit(id, "Obey.")); err == nil {
				t.Errorf("%s wrote a procedure", name)
			}
		}
		for n := 0; ; n++ {
			edit := first
			if _, err := b.EditSOP(ctx, b.as("mgr"), edit); err != nil {
				if soc.AsError(err).Code != soc.CodeConflict || n > soc.MaxSOPDrafts {
					t.Errorf("after %d: %v", n, err)
				}
				break
			}
		}
	})
}

// TestS60SOPThatFitsMoreLoosens: whatever makes a procedure fit an incident that
// it did not fit is called loosening.
func TestS60SOPThatFitsMoreLoosens(t *testing.T) {
	words := func(of ...string) *rapid.Generator[[]string] {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, len(of), rapid.ID[string])
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) soc.SOP {
			s := soc.SOP{ID: "x", Version: 1, Name: "n", Kind: "response", Enabled: rapid.Bool().Draw(t, name+" enabled")}
			rule := soc.SOPMatchRule{
				Sources: words("a", "b").Draw(t, name+" sources"), IncidentTypes: words("x", "y").Draw(t, name+" types"), Tactics: words("impact", "execution").Draw(t, name+" tactics"),
			}
			for _, w := range words(string(soc.SeverityLow), string(soc.SeverityHigh)).Draw(t, name+" severities") {
				rule.Severities = append(rule.Severities, soc.Severity(w))
			}
			return s.WithText("t").WithRule(rule)
		}
		before, after := draw("before"), draw("after")
		facts := soc.SOPFacts{
			Source: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "source"), IncidentType: rapid.SampledFrom([]string{"", "x", "y", "z"}).Draw(t, "type"),
			Severity: rapid.SampledFrom(soc.AllSeverities).Draw(t, "severity"), Tactics: words("impact", "execution", "discovery").Draw(t, "seen"),
		}
		fits := func(s soc.SOP) bool { return s.Enabled && len(soc.MatchSOPs([]soc.SOP{s}, facts)) > 0 }
		direction := soc.DirectionOf(soc.DiffSOP(before, after))
		if !fits(before) && fits(after) && direction != soc.DirectionLoosening {
			t.Fatalf("%s: %+v", direction, soc.DiffSOP(before, after))
		}
	})
}
