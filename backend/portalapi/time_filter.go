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
	if hours, relative := filterHours[f.Type]; relative {
		if f.Start != nil || f.End != nil {
			return window{}, soc.InvalidField(firstText(given(f.Start, "StartDate"), "EndDate"), "goes with TimeFilteringType Custom only")
		}
		return window{now.Add(-hours * time.Hour), now}, nil
	}
	switch {
	case f.Start == nil:
		return window{}, soc.InvalidField("StartDate", "is required with TimeFilteringType Custom")
	case f.End == nil:
		return window{}, soc.InvalidField("EndDate", "is required with TimeFilteringType Custom")
	}
	w := window{time.Time(*f.Start).UTC(), time.Time(*f.End).UTC()}
	if !w.From.Before(w.To) {
		return window{}, soc.InvalidField("EndDate", "must be after StartDate")
	}
	if w.To.Sub(w.From) > customSpan {
		return window{}, soc.InvalidField("EndDate", "must be at most 366 days after StartDate")
	}
	return w, nil
}

func given(at *schemas.Time, name string) string {
	if at == nil {
		return ""
	}
	return name
}
