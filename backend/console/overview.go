package console

import (
	"context"
	"net/http"
	"slices"
	"time"

	"vedette/backend/soc"
)

type overviewQuery struct {
	Window string `query:"window" enum:"day,week,month"`
}

// overviewWindows are the words of the address for soc.OverviewWindows.
var overviewWindows = map[string]time.Duration{"day": soc.OverviewWindows[0], "week": soc.OverviewWindows[1], "month": soc.OverviewWindows[2]}

// overviewPage is what the first page of a workspace shows.
type overviewPage struct {
	soc.WorkspaceOverview
	Window string
	Open   int
	// Severe are the open ones of the two upper severities.
	Severe int
	// Longest is the largest bar of the incidents, Slowest the longest of the
	// durations: what the bars are drawn against.
	Longest, Slowest float64
	Rates            soc.ProposalRates
	Mix              []verdictMix
	Columns          columnChart
	Arrived, Refused int64
}

// verdictMix is one verdict of those that were proposed.
type verdictMix struct {
	Verdict soc.Verdict
	N       int
	// Share is in percent of all, From where its part of the bar begins.
	Share, From float64
}

func (c *Console) registerOverview() {
	add(c, Page{
		Method: http.MethodGet, Path: "/overview", Name: "overview_page", Who: Member, Role: soc.RoleViewer,
		Nav: &Nav{Title: "Overview", Key: "o", Order: 5},
	}, c.overview)
}

func (c *Console) overview(ctx context.Context, by soc.Actor, in overviewQuery) (View, error) {
	if in.Window == "" {
		in.Window = "week"
	}
	o, err := c.desk.GetOverview(ctx, by, overviewWindows[in.Window])
	if err != nil {
		return View{}, err
	}
	page := overviewPage{WorkspaceOverview: o, Window: in.Window, Rates: o.Rates(), Mix: mixOf(o.Verdicts)}
	for _, s := range o.Severities {
		page.Open += s.Open()
		if s.Severity == soc.SeverityCritical || s.Severity == soc.SeverityHigh {
			page.Severe += s.Open()
		}
		page.Longest = max(page.Longest, float64(s.Open()))
		page.Slowest = max(page.Slowest, s.Triage.Most.Seconds(), s.Contain.Most.Seconds())
	}
	values := make([]column, len(o.Received))
	for i, r := range o.Received {
		values[i] = column{At: r.At, Value: float64(r.Received)}
		page.Arrived, page.Refused = page.Arrived+r.Received, page.Refused+r.Rejected
	}
	page.Columns = columnsOf(values)
	return View{Template: "overview", Title: "Overview", Data: page}, nil
}

// mixOf sums the proposals up by verdict, the most frequent first.
func mixOf(counts []soc.ProposedCount) (mix []verdictMix) {
	total := 0
	for _, c := range counts {
		total += c.N
		at := slices.IndexFunc(mix, func(m verdictMix) bool { return m.Verdict == c.Verdict })
		if at < 0 {
			at, mix = len(mix), append(mix, verdictMix{Verdict: c.Verdict})
		}
		mix[at].N += c.N
	}
	slices.SortStableFunc(mix, func(a, b verdictMix) int { return b.N - a.N })
	from := 0.0
	for i := range mix {
		mix[i].Share, mix[i].From = percent(float64(mix[i].N), float64(total)), from
		from += mix[i].Share
	}
	return mix
}
