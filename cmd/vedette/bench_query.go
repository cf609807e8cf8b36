package main

import (
	"context"
	"fmt"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// kqlWindow is a time in which every size has the same incidents: the last
// 5,000, which are seven seconds apart.
const kqlWindow = 5000 * 7 * time.Second

// kqlQueries are what the section asks, each beside the SQL somebody would have
// written for it by hand. All of them ask for what every size has alike.
var kqlQueries = []struct {
	name string
	ask  func(since time.Time) string
	raw  func(ctx context.Context, r *reader, since time.Time) (int, error)
}{
	{
		"5,000 rows counted by source and severity",
		func(since time.Time) string {
			return "SecurityIncident | where TimeGenerated >= datetime(" + since.Format(time.RFC3339) + ") | summarize n = count() by Source, Severity | sort by n desc"
		},
		func(ctx context.Context, r *reader, since time.Time) (int, error) {
			return r.raw.Groups(ctx, benchWorkspace, since.UnixMicro())
		},
	},
	{
		"the newest 50 with a word in the title",
		func(time.Time) string {
			return `SecurityIncident | where Title contains "powershell" | project IncidentId, Title, Severity, TimeGenerated`
		},
		func(ctx context.Context, r *reader, _ time.Time) (int, error) {
			return r.raw.Titles(ctx, benchWorkspace, "powershell", 50)
		},
	},
}

// measureKQL times queries at each size beside hand-written SQL: a query costs
// what its window holds, not what the workspace does.
func (b *bench) measureKQL(ctx context.Context) error {
	readers, err := b.readers(ctx)
	defer closeAll(readers)
	if err != nil {
		return err
	}
	for _, q := range kqlQueries {
		var reads []read
		for _, r := range readers {
			since, err := r.newest(ctx)
			if err != nil {
				return err
			}
			since = since.Add(-kqlWindow)
			reads = append(reads, func(ctx context.Context) (int, error) {
				found, err := r.desk.ExecuteKQL(ctx, r.by, soc.Query{Text: q.ask(since)})
				if err == nil && len(found.Rows) == 0 {
					err = fmt.Errorf("%s: no rows of %d incidents", q.name, r.at.size)
				}
				return len(found.Rows), err
			}, func(ctx context.Context) (int, error) { return q.raw(ctx, r, since) })
		}
		if err := b.reportGrowth(ctx, "kql", q.name, reads); err != nil {
			return err
		}
	}
	return b.measureScan(ctx, readers)
}

// newest is when the newest incident was created.
func (r *reader) newest(ctx context.Context) (time.Time, error) {
	page, err := r.desk.ListIncidents(ctx, r.by, soc.IncidentFilter{Limit: 1})
	if err != nil || len(page.Incidents) == 0 {
		return time.Time{}, fmt.Errorf("no newest incident: %w", err)
	}
	return page.Incidents[0].CreatedAt, nil
}

// measureScan reads all rows of the sizes that one query may read.
func (b *bench) measureScan(ctx context.Context, readers []*reader) error {
	for _, r := range readers {
		if r.at.size > store.QueryScan {
			continue
		}
		times, err := timed(ctx, []read{func(ctx context.Context) (int, error) {
			found, err := r.desk.ExecuteKQL(ctx, r.by, soc.Query{Text: "SecurityIncident | summarize n = count() by Source, Severity | sort by n desc"})
			return len(found.Rows), err
		}, func(ctx context.Context) (int, error) { return r.raw.Groups(ctx, benchWorkspace, 0) }})
		if err != nil {
			return err
		}
		b.add("kql", figure{Name: fmt.Sprintf("%d rows counted by source and severity", r.at.size), Unit: "s", Value: times[0]}.besides("raw engine", times[1]))
	}
	return nil
}
