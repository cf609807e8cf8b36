package portalapi

import (
	"time"

	"vedette/backend/soc"
	"vedette/schemas"
)

// timeFilter are the parameters of a time filter (portal-api.md section 5).
// FourtyEightHours is how the reference system spells it.
type timeFilter struct {
	Type  string        `query:"TimeFilteringType" jsonschema:"enum=ThreeHours,enum=SixHours,enum=TwelveHours,enum=TwentyFourHours,enum=FourtyEightHours,enum=FortyEightHours,enum=Custom"`
	Start *schemas.Time `query:"StartDate"`
	End   *schemas.Time `query:"EndDate"`
}

var filterHours = map[string]time.Duration{
	"": 24, "ThreeHours": 3, "SixHours": 6, "TwelveHours": 12, "TwentyFourHours": 24, "FourtyEightHours": 48, "FortyEightHours": 48,
}

// customSpan is the longest window of type Custom.
const customSpan = 366 * 24 * time.Hour

// window is an absolute span of time; its ends are inside.
type window struct {
	From time.Time `json:"f"`
	To   time.Time `json:"t"`
}

func (f timeFilter) window(now time.Time) (window, error) {
	return windowOf(now, f.Type, f.Start, f.End, "TimeFilteringType", "StartDate", "EndDate")
}

// timeSelection is a time filter in a body.
type timeSelection struct {
	Type  string        `json:"type,omitempty" jsonschema:"enum=ThreeHours,enum=SixHours,enum=TwelveHours,enum=TwentyFourHours,enum=FourtyEightHours,enum=FortyEightHours,enum=Custom"`
	Start *schemas.Time `json:"customStartUtc,omitempty"`
	End   *schemas.Time `json:"customEndUtc,omitempty"`
}

func (s *timeSelection) window(now time.Time) (window, error) {
	if s == nil {
		return windowOf(now, "", nil, nil, "", "", "")
	}
	const in = "timeFilterSelection."
	return windowOf(now, s.Type, s.Start, s.End, in+"type", in+"customStartUtc", in+"customEndUtc")
}

// windowOf is the window of a filter whose members have the given names.
func windowOf(now time.Time, kind string, from, to *schemas.Time, kindName, fromName, toName string) (window, error) {
	if hours, relative := filterHours[kind]; relative {
		if from != nil || to != nil {
			return window{}, soc.InvalidField(firstText(given(from, fromName), toName), "goes with %s Custom only", kindName)
		}
		return window{now.Add(-hours * time.Hour), now}, nil
	}
	switch {
	case from == nil:
		return window{}, soc.InvalidField(fromName, "is required with %s Custom", kindName)
	case to == nil:
		return window{}, soc.InvalidField(toName, "is required with %s Custom", kindName)
	}
	w := window{time.Time(*from).UTC(), time.Time(*to).UTC()}
	if !w.From.Before(w.To) {
		return window{}, soc.InvalidField(toName, "must be after %s", fromName)
	}
	if w.To.Sub(w.From) > customSpan {
		return window{}, soc.InvalidField(toName, "must be at most 366 days after %s", fromName)
	}
	return w, nil
}

func given(at *schemas.Time, name string) string {
	if at == nil {
		return ""
	}
	return name
}
