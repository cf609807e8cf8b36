package soc

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// shippedDocument is the policy a workspace starts with.
func shippedDocument() PolicyDocument {
	p := PolicyFacts{Settings: map[Severity]AgentSettings{}, Limits: ShippedLimits()}
	for _, severity := range AllSeverities {
		p.Settings[severity] = ShippedSettings("w", severity)
	}
	return p.Document()
}

// labels are the words that looserBy and the list walkers know.
var labels = []string{"true", "false", "up", "down", "class", "impact", "gating", "protection", "status", "never", "always", "key", "keyed"}

// TestS60EveryPolicyMemberHasADirection: a member added without a label fails
// here; in the product it would loosen, whatever its change.
func TestS60EveryPolicyMemberHasADirection(t *testing.T) {
	var walk func(path string, t2 reflect.Type, label string)
	walk = func(path string, t2 reflect.Type, label string) {
		switch t2.Kind() {
		case reflect.Struct:
			for i := range t2.NumField() {
				f := t2.Field(i)
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if name == "" {
					t.Errorf("%s.%s has no name", path, f.Name)
				}
				walk(path+"/"+name, f.Type, f.Tag.Get("loosens"))
			}
		case reflect.Slice:
			if label != "keyed" {
				t.Errorf("%s is a list without a walker", path)
			}
			walk(path+"[]", t2.Elem(), "")
		default:
			if !slices.Contains(labels, label) {
				t.Errorf("%s has no direction: label it with loosens", path)
			}
		}
	}
	walk("", reflect.TypeFor[PolicyDocument](), "")
	if looserBy("", 1, 2) != DirectionLoosening || looserBy("no such word", 1, 2) != DirectionLoosening {
		t.Error("what has no label does not loosen")
	}
}

// anyDocument draws a policy that may be, with the same settings at every
// severity.
func anyDocument(t *rapid.T) PolicyDocument {
	d := shippedDocument()
	record := d.Settings.High
	for _, severity := range AllSeverities {
		d = d.WithSettings(severity, record)
	}
	for _, name := range slices.Sorted(maps.Keys(nudges)) {
		nudges[name](t, &d)
	}
	for _, severity := range AllSeverities {
		d = d.WithSettings(severity, d.Settings.High)
	}
	return d
}

func upTo4(t *rapid.T, name string) int { return rapid.IntRange(1, 4).Draw(t, name) }

func anyCeilingRecord(t *rapid.T) CeilingRecord {
	return CeilingRecord{rapid.SampledFrom(PortalClass.All()[:3]).Draw(t, "class"), rapid.SampledFrom(PortalImpact.All()).Draw(t, "impact")}
}

// nudges draw one member each anew; those of settings at severity High.
var nudges = map[string]func(*rapid.T, *PolicyDocument){
	"enabled": func(t *rapid.T, d *PolicyDocument) {
		d.Settings.High.Enabled = rapid.IntRange(0, 4).Draw(t, "enabled") > 0
	},
	"investigate": func(t *rapid.T, d *PolicyDocument) {
		d.Settings.High.Capabilities.Investigate = rapid.Bool().Draw(t, "investigate")
	},
	"gamebooks": func(t *rapid.T, d *PolicyDocument) {
		d.Settings.High.Capabilities.Gamebooks = rapid.Bool().Draw(t, "gamebooks")
	},
	"gating": func(t *rapid.T, d *PolicyDocument) {
		d.Settings.High.GatingMode = rapid.SampledFrom([]string{"queue", "reject"}).Draw(t, "mode")
	},
	"ceiling clean":   func(t *rapid.T, d *PolicyDocument) { d.Settings.High.CeilingClean = anyCeilingRecord(t) },
	"ceiling tainted": func(t *rapid.T, d *PolicyDocument) { d.Settings.High.CeilingTainted = anyCeilingRecord(t) },
	"sample": func(t *rapid.T, d *PolicyDocument) {
		d.Settings.High.SamplePct = rapid.IntRange(0, 100).Draw(t, "sample")
	},
	"status": func(t *rapid.T, d *PolicyDocument) {
		d.Settings.High.OnClassification.TruePositive.Status = rapid.SampledFrom([]string{"New", "Active", "Closed"}).Draw(t, "status")
	},
	"soft": func(t *rapid.T, d *PolicyDocument) { d.Limits.Blast.Soft = upTo4(t, "soft") },
	"hard": func(t *rapid.T, d *PolicyDocument) { d.Limits.Blast.Hard = 4 + upTo4(t, "hard") },
	"default": func(t *rapid.T, d *PolicyDocument) {
		d.Limits.DefaultRate = DefaultRate{upTo4(t, "hour"), upTo4(t, "day")}
	},
	"rates": func(t *rapid.T, d *PolicyDocument) {
		d.Limits.Rates = nil
		for _, playbook := range []string{"p", "q"} {
			if rapid.Bool().Draw(t, "own rate") {
				d.Limits.Rates = append(d.Limits.Rates, RateRecord{playbook, RateWorkspace, upTo4(t, "rate hour"), upTo4(t, "rate day")})
			}
		}
	},
	"actions":         func(t *rapid.T, d *PolicyDocument) { d.Limits.ActionsPerIncident = upTo4(t, "actions") },
	"breaker floor":   func(t *rapid.T, d *PolicyDocument) { d.Limits.BreakerFloor = upTo4(t, "floor") },
	"breaker percent": func(t *rapid.T, d *PolicyDocument) { d.Limits.BreakerPercent = rapid.IntRange(0, 3).Draw(t, "percent") },
	"assume tainted":  func(t *rapid.T, d *PolicyDocument) { d.Limits.AssumeTainted = rapid.Bool().Draw(t, "assume") },
	"rules": func(t *rapid.T, d *PolicyDocument) {
		d.Rules = nil
		for _, name := range []string{"r", "s"} {
			if rapid.Bool().Draw(t, "rule") {
				d.Rules = append(d.Rules, PolicyRule{
					Name: name, When: rapid.SampledFrom([]string{"true", "false"}).Draw(t, "when"), Need: rapid.IntRange(1, 2).Draw(t, "people"),
					Effect: string(rapid.SampledFrom(AllPolicyEffects).Draw(t, "effect")), Mode: rapid.SampledFrom([]string{RuleEnforce, RuleLogOnly}).Draw(t, "rule mode"),
				})
			}
		}
	},
	"protected": func(t *rapid.T, d *PolicyDocument) {
		d.Protected = nil
		for _, host := range []string{"a", "b"} {
			if rapid.Bool().Draw(t, "protect") {
				mode := rapid.SampledFrom([]string{"two_person", "never"}).Draw(t, "protection")
				d.Protected = append(d.Protected, ProtectedRecord{host, ProtectedMatch{ProtectedHost, host}, mode, ""})
			}
		}
	},
}

// TestS60TighteningNeverRaisesAnOutcome: where the classifier says that one
// person may do it alone, no request whatever is answered more kindly after it.
func TestS60TighteningNeverRaisesAnOutcome(t *testing.T) {
	judged := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		base, in := anyDocument(t), calm(t, anyInput(t))
		rates := []RateFact{
			{Limit: "p/h", Playbook: "p", Scope: RateWorkspace, Period: PeriodHour, Used: rapid.IntRange(0, 4).Draw(t, "used"), Asked: 1},
			{Limit: "q/d", Playbook: "q", Scope: RateWorkspace, Period: PeriodDay, Used: rapid.IntRange(0, 4).Draw(t, "used q"), Asked: 1},
			{Limit: "incident", Used: rapid.IntRange(0, 4).Draw(t, "used i"), Asked: 1},
		}
		populations := []PopulationFact{{Known: rapid.IntRange(0, 400).Draw(t, "known"), Used: rapid.IntRange(0, 12).Draw(t, "acted"), Asked: 1}}
		for _, name := range slices.Sorted(maps.Keys(nudges)) {
			before, after := base, base
			nudges[name](t, &after)
			if DirectionOf(DiffPolicy(before, after)) == DirectionLoosening {
				before, after = after, before
			}
			if DirectionOf(DiffPolicy(before, after)) == DirectionLoosening {
				continue
			}
			judged[name] = true
			in.Rates, in.Populations = nil, nil
			if name == "rates" || name == "default" || name == "actions" {
				in.Rates = rates
			}
			if strings.HasPrefix(name, "breaker") {
				in.Populations = populations
			}
			was, is := governedHosts(before, in), governedHosts(after, in)
			if a, b := Gate(was), Gate(is); !tighter(a, b) {
				t.Fatalf("%s: %s %v became %s %v by\n%+v", name, a.Outcome, a.Need, b.Outcome, b.Need, DiffPolicy(before, after))
			}
		}
	})
	for name := range nudges {
		if !judged[name] {
			t.Errorf("no pair differs only in %s: the test does not reach what it is about", name)
		}
	}
}

// calm takes most reasons to deny out of most inputs, so that the policy decides.
func calm(t *rapid.T, in GateInput) GateInput {
	if rapid.IntRange(0, 4).Draw(t, "wild") == 0 {
		return in
	}
	in.Severities = []Severity{SeverityHigh}
	in.Principal = GatePrincipal{Kind: PrincipalAgent, Role: RoleSenior}
	in.IncidentClosed, in.CatalogueLoaded, in.Entries, in.Policy, in.Kill = false, true, EntryReport{}, nil, KillFacts{}
	if in.Run != nil {
		in.Run.Taint = rapid.SampledFrom(AllTaints[:2]).Draw(t, "calm taint")
	}
	if rapid.IntRange(0, 3).Draw(t, "respond") == 0 {
		in.ClaimedTrigger = TriggerInvestigateAndRespond
		in.Run = &GateRun{TokenValid: true, Trigger: TriggerInvestigateAndRespond, Taint: TaintClean, Envelope: Ceiling{ClassReversible, ImpactHigh}, EnvelopeEntities: 5}
	}
	for i := range in.Steps {
		in.Steps[i].Provenance, in.Steps[i].Protection = ProvenanceSensorAsserted, ProtectionNone
		if in.Steps[i].Class == ClassIrreversible {
			in.Steps[i].Class = ClassReversible
		}
	}
	return in
}

// governedHosts is an input under a policy; its targets are hosts named like
// their entities.
func governedHosts(d PolicyDocument, in GateInput) GateInput {
	p := d.Facts("w", 1)
	in = p.Govern(deepInput(in))
	for i, s := range in.Steps {
		in.Steps[i].Protection = ProtectionOf(p.Protected, Entity{Kind: KindHost, Value: s.Entity})
	}
	return p.Judge(in, func(r PolicyRule) (bool, error) { return r.When == "true", nil })
}

// TestS60DiffIsWhole: no difference gets past the classifier, and equal
// policies have none.
func TestS60DiffIsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyDocument(t)
		if diff := DiffPolicy(a, a); len(diff) > 0 {
			t.Fatalf("a policy differs from itself: %+v", diff)
		}
		b := anyDocument(t)
		same := reflect.DeepEqual(a.Facts("w", 1), b.Facts("w", 1))
		if diff := DiffPolicy(a, b); same != (len(diff) == 0) {
			t.Fatalf("same %v, diff %+v", same, diff)
		}
		there, back := DiffPolicy(a, b), DiffPolicy(b, a)
		if len(there) != len(back) || len(there) > 0 && DirectionOf(there) == DirectionTightening && DirectionOf(back) != DirectionLoosening {
			t.Fatalf("there %+v\nback %+v", there, back)
		}
	})
}

// TestS59PolicyIsReadStrictly: a document is read as it was written; with a
// member too many or too few it is not read at all.
func TestS59PolicyIsReadStrictly(t *testing.T) {
	whole, err := json.Marshal(shippedDocument())
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParsePolicy(whole)
	if err != nil || len(DiffPolicy(shippedDocument(), back)) > 0 {
		t.Fatal(err, DiffPolicy(shippedDocument(), back))
	}
	for name, edit := range map[string][2]string{
		"unknown member":    {`"autoClose":`, `"autoclose":false,"autoClose":`},
		"missing member":    {`"assumeTainted":false`, `"containment":{"refusals":1,"minutes":1}`},
		"renamed severity":  {`"High":{"enabled"`, `"Severe":{"enabled"`},
		"wrong kind":        {`"enabled":true`, `"enabled":"true"`},
		"irreversible":      {`"class":"Reversible"`, `"class":"Irreversible"`},
		"a number too deep": {`"samplePct":10`, `"samplePct":1e1000`},
		"half a percent":    {`"samplePct":10`, `"samplePct":0.5`},
		"trailing text":     {`}]}`, `}]} {}`},
		"a list for a map":  {`"blast":{`, `"blast":[{`},
	} {
		text := strings.Replace(string(whole), edit[0], edit[1], 1)
		if name == "trailing text" {
			text = string(whole) + "{}"
		}
		if text == string(whole) {
			t.Fatalf("%s edits nothing", name)
		}
		if _, err := ParsePolicy([]byte(text)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}
