package main

import (
	"context"
	"fmt"
	"time"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/store/bare"
)

// Targets of the reading sections.
const (
	// growthTarget bounds the time at the largest size over that at the smallest.
	growthTarget = 1.5
	// deepTarget bounds a deep page over the first.
	deepTarget = 1.5
	// evidenceTarget bounds a list among incidents with 1,000 rows of evidence
	// each over the same list without; it is noise that it allows for.
	evidenceTarget = 1.2
	// readRounds is how often each read is repeated; the median counts. Sizes
	// take turns within a round, so that a noisy machine is noisy for all.
	readRounds = 60
)

// reader calls the operations that every door calls.
type reader struct {
	desk *backend.Desk
	by   soc.Actor
	raw  *bare.Engine
	at   *seeded
}

func (b *bench) reader(ctx context.Context, size int) (*reader, error) {
	d, err := b.database(ctx, size)
	if err != nil {
		return nil, err
	}
	return newReader(ctx, d)
}

func newReader(ctx context.Context, d *seeded) (*reader, error) {
	raw, err := bare.Open(ctx, d.where)
	if err != nil {
		return nil, err
	}
	return &reader{
		desk: backend.New(backend.Config{Store: d.store}), raw: raw, at: d,
		by: soc.Actor{Kind: soc.PrincipalPerson, ID: "bench", Session: true, Workspace: benchWorkspace, Role: soc.RoleAdmin},
	}, nil
}

func (r *reader) close() { _ = r.raw.Close() }

// readers opens every size.
func (b *bench) readers(ctx context.Context) ([]*reader, error) {
	var out []*reader
	for _, size := range b.command.Sizes {
		r, err := b.reader(ctx, size)
		if err != nil {
			return out, err
		}
		out = append(out, r)
	}
	return out, nil
}

// read is one thing that is timed; it says how many rows came back.
type read func(ctx context.Context) (rows int, err error)

// timed repeats reads in turn and returns the median of each, in seconds.
func timed(ctx context.Context, reads []read) ([]float64, error) {
	times := make([][]time.Duration, len(reads))
	for round := range readRounds + 3 {
		for n, read := range reads {
			began := time.Now()
			if _, err := read(ctx); err != nil {
				return nil, err
			}
			if round >= 3 { // the first rounds prepare statements and fill caches
				times[n] = append(times[n], time.Since(began))
			}
		}
	}
	out := make([]float64, len(reads))
	for n := range reads {
		out[n] = median(times[n])
	}
	return out, nil
}

// growth reports a read at every size, and its largest over its smallest time.
func (b *bench) growth(section, name string, sizes []int, product, raw []float64) {
	for n, size := range sizes {
		b.add(section, figure{Name: fmt.Sprintf("%s, %d incidents", name, size), Unit: "s", Value: product[n]}.besides("raw engine", raw[n]))
	}
	last := len(sizes) - 1
	if last > 0 {
		b.add(section, figure{Name: fmt.Sprintf("%s, %d over %d", name, sizes[last], sizes[0]), Unit: "s", Value: product[last]}.
			besides("at the smallest", product[0]).atMost(growthTarget))
	}
}

// listing is one filter of the list section.
type listing struct {
	name   string
	filter func(soc.IncidentFilter) soc.IncidentFilter
}

var listings = []listing{
	{"newest 50", func(f soc.IncidentFilter) soc.IncidentFilter { return f }},
	{"open, as agents ask", func(f soc.IncidentFilter) soc.IncidentFilter {
		f.Statuses = soc.OpenStatuses
		return f
	}},
	{"open, last updated first", func(f soc.IncidentFilter) soc.IncidentFilter {
		f.Statuses, f.Sort = soc.OpenStatuses, "-updated_at"
		return f
	}},
	{"new and high", func(f soc.IncidentFilter) soc.IncidentFilter {
		f.Statuses, f.Severities = []soc.Status{soc.StatusNew}, []soc.Severity{soc.SeverityHigh}
		return f
	}},
	{"two statuses by severity", func(f soc.IncidentFilter) soc.IncidentFilter {
		f.Statuses, f.Sort = []soc.Status{soc.StatusNew, soc.StatusActive}, "-severity"
		return f
	}},
	{"a source and a type", func(f soc.IncidentFilter) soc.IncidentFilter {
		f.Sources, f.Types = []string{"wazuh"}, []string{"phishing"}
		return f
	}},
	{"closed, by update, in a window", func(f soc.IncidentFilter) soc.IncidentFilter {
		f.Statuses, f.Sort, f.CreatedBefore = []soc.Status{soc.StatusClosed}, "-updated_at", time.Now().Add(-10*time.Minute)
		return f
	}},
}

// measureList times lists of 50 with filters at each size, and deep pages.
func (b *bench) measureList(ctx context.Context) error {
	readers, err := b.readers(ctx)
	defer closeAll(readers)
	if err != nil {
		return err
	}
	for _, l := range listings {
		var reads []read
		for _, r := range readers {
			reads = append(reads, r.list(l.filter(soc.IncidentFilter{Limit: 50})), r.rawList)
		}
		if err := b.reportGrowth(ctx, "list", l.name, reads); err != nil {
			return err
		}
	}
	return b.measureDeep(ctx, readers[len(readers)-1])
}

func (b *bench) reportGrowth(ctx context.Context, section, name string, reads []read) error {
	times, err := timed(ctx, reads)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var product, raw []float64
	for n := 0; n < len(times); n += 2 {
		product, raw = append(product, times[n]), append(raw, times[n+1])
	}
	b.growth(section, name, b.command.Sizes, product, raw)
	return nil
}

func (r *reader) list(f soc.IncidentFilter) read {
	return func(ctx context.Context) (int, error) {
		page, err := r.desk.ListIncidents(ctx, r.by, f)
		if err == nil && len(page.Incidents) == 0 && f.Query == "" {
			err = fmt.Errorf("an empty page of %d incidents", r.at.size)
		}
		return len(page.Incidents), err
	}
}

func (r *reader) rawList(ctx context.Context) (int, error) {
	return r.raw.List(ctx, benchWorkspace, string(soc.StatusNew), 50)
}

// measureDeep compares the page behind nine tenths of the list with the first.
func (b *bench) measureDeep(ctx context.Context, r *reader) error {
	var at soc.Incident
	err := r.at.store.View(ctx, func(v *store.Reader) error {
		i, found, err := v.IncidentByNumber(benchWorkspace, int64(r.at.size/10))
		if err == nil && !found {
			err = fmt.Errorf("there is no incident number %d", r.at.size/10)
		}
		at = i
		return err
	})
	if err != nil {
		return err
	}
	filter := soc.IncidentFilter{Limit: 50}
	deep := filter
	deep.After = &soc.Keyset{Value: fmt.Sprint(at.CreatedAt.UnixMicro()), ID: at.ID}
	times, err := timed(ctx, []read{r.list(deep), r.list(filter)})
	if err != nil {
		return err
	}
	b.add("list", figure{Name: fmt.Sprintf("page %d of %d incidents", r.at.size*9/10/50, r.at.size), Unit: "s", Value: times[0]}.
		besides("first page", times[1]).atMost(deepTarget))
	return nil
}

// searches find a full page at every size from 10,000 on, but for the last,
// which finds one incident at any.
var searches = []struct{ name, query, raw string }{
	{"a word in every tenth", "powershell", "powershell"},
	{"a word in every hundredth", "ws0042", "ws0042"},
	{"two words", "suspicious powershell", "powershell"},
	{"the beginning of a word", "suspic", "suspicious"},
	{"the id of one incident", "bench-0000077", "0000077"},
}

// measureSearch times full-text searches at each size.
func (b *bench) measureSearch(ctx context.Context) error {
	readers, err := b.readers(ctx)
	defer closeAll(readers)
	if err != nil {
		return err
	}
	for _, s := range searches {
		var reads []read
		for _, r := range readers {
			reads = append(reads, r.list(soc.IncidentFilter{Query: s.query, Limit: 50}), func(ctx context.Context) (int, error) {
				return r.raw.Search(ctx, benchWorkspace, s.raw, 50)
			})
		}
		if err := b.reportGrowth(ctx, "search", s.name, reads); err != nil {
			return err
		}
	}
	return nil
}

// measureGet times reading one incident with all that hangs on it.
func (b *bench) measureGet(ctx context.Context) error {
	readers, err := b.readers(ctx)
	defer closeAll(readers)
	if err != nil {
		return err
	}
	var reads []read
	for _, r := range readers {
		page, err := r.desk.ListIncidents(ctx, r.by, soc.IncidentFilter{Limit: 50})
		if err != nil {
			return err
		}
		turn := 0
		reads = append(reads, func(ctx context.Context) (int, error) {
			turn++
			detail, err := r.desk.GetIncident(ctx, r.by, soc.IncidentRef{Workspace: benchWorkspace, ID: page.Incidents[turn%len(page.Incidents)].ShortID},
				soc.IncidentParts{Alerts: true, Entities: true, Evidence: true, Comments: true, Gamebooks: true, Verdict: true})
			return len(detail.Evidence), err
		}, func(ctx context.Context) (int, error) {
			return r.raw.Incident(ctx, page.Incidents[turn%len(page.Incidents)].ID)
		})
	}
	return b.reportGrowth(ctx, "get", "an incident with alerts, entities, evidence", reads)
}

// measureEvidence compares a list of incidents with 1,000 rows of evidence each
// with the same list before.
func (b *bench) measureEvidence(ctx context.Context) error {
	plain, err := b.reader(ctx, b.command.Sizes[0])
	if err != nil {
		return err
	}
	defer plain.close()
	heavy, err := b.seedHeavy(ctx, b.command.Sizes[0])
	if err != nil {
		return err
	}
	defer func() { _ = heavy.store.Close() }()
	loaded, err := newReader(ctx, heavy)
	if err != nil {
		return err
	}
	defer loaded.close()
	filter := soc.IncidentFilter{Limit: 50}
	times, err := timed(ctx, []read{loaded.list(filter), plain.list(filter)})
	if err != nil {
		return err
	}
	b.add("evidence", figure{Name: "list of 50 incidents with 1000 rows of evidence each", Unit: "s", Value: times[0]}.
		besides("with 6 rows each", times[1]).atMost(evidenceTarget))
	return nil
}

func closeAll(readers []*reader) {
	for _, r := range readers {
		r.close()
	}
}
