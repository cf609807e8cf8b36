package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// figure is one number of the benchmark with what stands beside it.
type figure struct {
	Engine  string `json:"engine"`
	Section string `json:"section"`
	Name    string `json:"name"`
	Unit    string `json:"unit"`
	// Value is what Vedette needs or gives; Beside the same of what it is
	// compared with, which BesideName names.
	Value      float64 `json:"value"`
	Beside     float64 `json:"beside,omitempty"`
	BesideName string  `json:"beside_name,omitempty"`
	// Ratio is Value over Beside where there is something beside.
	Ratio float64 `json:"ratio,omitempty"`
	// Target bounds Ratio, or Value where nothing stands beside. Limit is
	// "at least", "at most" or empty for a figure that is only reported.
	Limit  string  `json:"limit,omitempty"`
	Target float64 `json:"target,omitempty"`
	Pass   *bool   `json:"pass,omitempty"`
	Note   string  `json:"note,omitempty"`
}

// benchReport is what --out and --json write.
type benchReport struct {
	Version  string   `json:"version"`
	Started  string   `json:"started"`
	System   string   `json:"system"`
	CPUs     int      `json:"cpus"`
	Sizes    []int    `json:"sizes"`
	Duration string   `json:"duration"`
	Figures  []figure `json:"figures"`
	Passed   bool     `json:"passed"`
}

func newBenchReport(sizes []int, duration time.Duration) *benchReport {
	return &benchReport{
		Version: versionText(), Started: time.Now().UTC().Format(time.RFC3339), System: runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version(),
		CPUs: runtime.NumCPU(), Sizes: sizes, Duration: duration.String(), Passed: true,
	}
}

// besides sets what the figure is compared with.
func (f figure) besides(name string, value float64) figure {
	f.Beside, f.BesideName = value, name
	if value != 0 {
		f.Ratio = f.Value / value
	}
	return f
}

func (f figure) atLeast(target float64) figure {
	f.Limit, f.Target = "at least", target
	pass := f.judged() >= target
	f.Pass = &pass
	return f
}

func (f figure) atMost(target float64) figure {
	f.Limit, f.Target = "at most", target
	pass := f.judged() <= target
	f.Pass = &pass
	return f
}

// judged is the number that the target bounds.
func (f figure) judged() float64 {
	if f.BesideName != "" {
		return f.Ratio
	}
	return f.Value
}

func (r *benchReport) add(figures ...figure) {
	for _, f := range figures {
		r.Figures = append(r.Figures, f)
		if f.Pass != nil && !*f.Pass {
			r.Passed = false
		}
	}
}

// rows draws the report as a table, header first.
func (r *benchReport) rows() [][]string {
	rows := [][]string{{"ENGINE", "FIGURE", "VEDETTE", "BESIDE", "RATIO", "TARGET", ""}}
	for _, f := range r.Figures {
		beside, ratio, target, verdict := "", "", "", ""
		if f.BesideName != "" {
			beside, ratio = quantity(f.Beside, f.Unit)+" "+f.BesideName, fmt.Sprintf("%.2f", f.Ratio)
		}
		if f.Limit != "" {
			bound := quantity(f.Target, f.Unit)
			if f.BesideName != "" {
				bound = fmt.Sprintf("%.2f", f.Target)
			}
			target, verdict = f.Limit+" "+bound, "ok"
			if !*f.Pass {
				verdict = "MISSED"
			}
		}
		rows = append(rows, []string{f.Engine, f.Section + ": " + f.Name, quantity(f.Value, f.Unit), beside, ratio, target, verdict})
	}
	return rows
}

// quantity draws a number with its unit; times are in seconds.
func quantity(v float64, unit string) string {
	switch {
	case unit == "s":
		return time.Duration(v * float64(time.Second)).Round(roundingOf(v)).String()
	case v >= 1000:
		return strings.TrimSpace(fmt.Sprintf("%.0f %s", v, unit))
	}
	return strings.TrimSpace(fmt.Sprintf("%.1f %s", v, unit))
}

// roundingOf keeps about three digits of a time in seconds.
func roundingOf(v float64) time.Duration {
	for step := time.Nanosecond; step < time.Second; step *= 10 {
		if v < 1000*step.Seconds() {
			return step
		}
	}
	return 10 * time.Millisecond
}

// median is the middle of the times, which it sorts.
func median(times []time.Duration) float64 { return quantile(times, 0.5) }

// quantile is in seconds.
func quantile(times []time.Duration, q float64) float64 {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[min(int(q*float64(len(times))), len(times)-1)].Seconds()
}
