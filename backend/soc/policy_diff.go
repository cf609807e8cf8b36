package soc

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// Direction says which way a change of policy goes (S60): one person tightens,
// two loosen.
type Direction string

// The directions. Neither is a change of what decides nothing, such as a reason.
const (
	DirectionNeither    Direction = "neither"
	DirectionTightening Direction = "tightening"
	DirectionLoosening  Direction = "loosening"
)

// AllDirections is in rising order: of several changes the last stands.
var AllDirections = []Direction{DirectionNeither, DirectionTightening, DirectionLoosening}

// PolicyDifference is one member that differs. From and To are its values as
// JSON spells them, nil where an entry of a list came or went.
type PolicyDifference struct {
	Path      string    `json:"path"`
	From      any       `json:"from"`
	To        any       `json:"to"`
	Direction Direction `json:"direction"`
}

// DirectionOf is the direction of several differences together: what loosens
// anything loosens as a whole.
func DirectionOf(diff []PolicyDifference) Direction {
	whole := DirectionNeither
	for _, d := range diff {
		if slices.Index(AllDirections, d.Direction) > slices.Index(AllDirections, whole) {
			whole = d.Direction
		}
	}
	return whole
}

// DiffPolicy lists every difference of two documents with its direction, in the
// order of the document.
func DiffPolicy(before, after PolicyDocument) []PolicyDifference {
	diff := differences(nil, "", "", reflect.ValueOf(before), reflect.ValueOf(after))
	diff = append(diff, diffRates(before.Limits, after.Limits)...)
	diff = append(diff, diffProtected(before.Protected, after.Protected)...)
	diff = append(diff, diffRules(before.Rules, after.Rules)...)
	return slices.DeleteFunc(diff, func(d PolicyDifference) bool { return reflect.DeepEqual(d.From, d.To) })
}

// differences walks two values of one type. Lists have walkers of their own.
func differences(diff []PolicyDifference, path, tag string, before, after reflect.Value) []PolicyDifference {
	switch before.Kind() {
	case reflect.Struct:
		for i := range before.NumField() {
			field := before.Type().Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			diff = differences(diff, path+"/"+name, field.Tag.Get("loosens"), before.Field(i), after.Field(i))
		}
		return diff
	case reflect.Slice:
		if tag == "keyed" {
			return diff
		}
	}
	from, to := leafValue(before), leafValue(after)
	if reflect.DeepEqual(from, to) {
		return diff
	}
	return append(diff, PolicyDifference{path, from, to, looserBy(tag, from, to)})
}

// leafValue is a leaf as JSON spells it.
func leafValue(v reflect.Value) any {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	return v.Interface()
}

// looserBy is the direction of a change of one member, by its label:
//
//	true, false          the value that gives away control
//	up, down             the way a number gives it away
//	class, impact        the worse may run alone
//	gating               queue instead of reject
//	protection           two people instead of nobody
//	status               what a verdict closes nobody looks at again
//	never, always, key   decides nothing; cannot be judged; names the entry
//
// What has no label, or another one, loosens.
func looserBy(label string, from, to any) Direction {
	looser := true
	switch label {
	case "never":
		return DirectionNeither
	case "true":
		looser = to == true
	case "false":
		looser = to == false
	case "up":
		looser = number(to) > number(from)
	case "down":
		looser = number(to) < number(from)
	case "class":
		looser = place(PortalClass.All(), to) > place(PortalClass.All(), from)
	case "impact":
		looser = place(PortalImpact.All(), to) > place(PortalImpact.All(), from)
	case "gating":
		looser = to != "reject"
	case "protection":
		looser = to != string(ProtectionNever)
	case "status":
		looser = from != PortalStatus.Word(StatusClosed)
	}
	if looser {
		return DirectionLoosening
	}
	return DirectionTightening
}

func number(v any) float64 {
	switch n := v.(type) {
	case int:
		return float64(n)
	case float64:
		return n
	}
	return 0
}

// place is where a word stands in its set; an unknown one stands above all.
func place(words []string, v any) int {
	word, _ := v.(string)
	if at := slices.Index(words, word); at >= 0 {
		return at
	}
	return len(words)
}

// diffRates compares what every playbook is allowed, its own rate or the
// default: an entry that goes may loosen or tighten.
func diffRates(before, after LimitsRecord) []PolicyDifference {
	was, is := before.Limits(), after.Limits()
	type key struct{ playbook, scope string }
	var keys []key
	for _, rate := range slices.Concat(was.Rates, is.Rates) {
		if k := (key{rate.Playbook, rate.Scope}); !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(strings.Compare(a.playbook, b.playbook), strings.Compare(a.scope, b.scope))
	})
	var diff []PolicyDifference
	for _, k := range keys {
		a, b := was.RateOf(k.playbook, k.scope), is.RateOf(k.playbook, k.scope)
		path := "/limits/rates/" + k.playbook + ":" + k.scope
		had := slices.Contains(was.Rates, a)
		has := slices.Contains(is.Rates, b)
		switch {
		case a == b && had != has: // pinned to the default, or let go: equal today
			diff = append(diff, PolicyDifference{path, rateText(a, had), rateText(b, has), pinned(has)})
		default:
			diff = append(diff, PolicyDifference{path + "/perHour", a.PerHour, b.PerHour, looserBy("up", a.PerHour, b.PerHour)},
				PolicyDifference{path + "/perDay", a.PerDay, b.PerDay, looserBy("up", a.PerDay, b.PerDay)})
		}
	}
	return diff
}

// pinned: a rate of its own holds when the default rises, so letting it go
// loosens and setting it decides nothing yet.
func pinned(has bool) Direction {
	if has {
		return DirectionNeither
	}
	return DirectionLoosening
}

func rateText(r RateLimit, own bool) any {
	if !own {
		return nil
	}
	return RateRecord{r.Playbook, r.Scope, r.PerHour, r.PerDay}
}

// diffProtected compares entries by what they protect: more of them tighten.
func diffProtected(before, after []ProtectedRecord) []PolicyDifference {
	var diff []PolicyDifference
	find := func(list []ProtectedRecord, r ProtectedRecord) (ProtectedRecord, bool) {
		at := slices.IndexFunc(list, func(o ProtectedRecord) bool { return o.key() == r.key() })
		if at < 0 {
			return ProtectedRecord{}, false
		}
		return list[at], true
	}
	for _, was := range before {
		path := "/protected/" + was.key()
		is, stays := find(after, was)
		switch {
		case !stays:
			diff = append(diff, PolicyDifference{path, was, nil, DirectionLoosening})
		case was != is:
			diff = append(diff, PolicyDifference{path + "/mode", was.Mode, is.Mode, looserBy("protection", was.Mode, is.Mode)},
				PolicyDifference{path + "/reason", was.Reason, is.Reason, DirectionNeither},
				PolicyDifference{path + "/id", was.ID, is.ID, DirectionNeither})
		}
	}
	for _, is := range after {
		if _, stood := find(before, is); !stood {
			diff = append(diff, PolicyDifference{"/protected/" + is.key(), nil, is, DirectionTightening})
		}
	}
	return diff
}
