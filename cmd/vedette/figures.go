package main

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"vedette/backend"
	"vedette/backend/store"
	"vedette/backend/web"
)

// figures are what /metrics tells. Every label is a word of the program from a
// closed set: routes as patterns, methods, statuses, codes, kinds of jobs. None
// holds a tenant's text, address, name or id (ops-api.md section 13).
type figures struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	took      *prometheus.HistogramVec
	failures  *prometheus.CounterVec
	writes    *prometheus.HistogramVec
	members   prometheus.Histogram
	jobs      *prometheus.CounterVec
	jobTook   *prometheus.HistogramVec
	decisions map[backend.Figure]*prometheus.CounterVec
}

func newFigures(engine string) *figures {
	f := &figures{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vedette_http_requests_total", Help: "Requests answered; status 0 is a connection that broke before.",
		}, []string{"door", "method", "route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vedette_http_request_seconds", Help: "From the first header to the last byte.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 30},
		}, []string{"door", "method", "route"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vedette_http_failures_total", Help: "Requests answered with an error code; RATE_LIMITED are those that came too fast.",
		}, []string{"door", "code"}),
		writes: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vedette_write_seconds", Help: "A write from the wait for the writer until it is durable or undone.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5},
		}, []string{"result"}),
		members: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "vedette_write_group_members", Help: "How many writes shared the transaction of a write.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 9),
		}),
		jobs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vedette_jobs_total", Help: "Attempts of jobs that ended.",
		}, []string{"kind", "result"}),
		jobTook: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vedette_job_seconds", Help: "One attempt of a job.", Buckets: []float64{.005, .025, .1, .5, 1, 5, 15, 60, 240},
		}, []string{"kind"}),
		decisions: map[backend.Figure]*prometheus.CounterVec{
			backend.FigureGate: prometheus.NewCounterVec(prometheus.CounterOpts{
				Name: "vedette_gate_decisions_total", Help: "Gamebooks submitted, by the code of the answer.",
			}, []string{"code"}),
			backend.FigureFloor: prometheus.NewCounterVec(prometheus.CounterOpts{
				Name: "vedette_floor_runs_total", Help: "Runs of the deterministic triager, by what they proposed.",
			}, []string{"verdict"}),
		},
	}
	f.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "vedette_build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": versionText(), "engine": engine},
		}, func() float64 { return 1 }),
		f.requests, f.took, f.failures, f.writes, f.members, f.jobs, f.jobTook, f.decisions[backend.FigureGate], f.decisions[backend.FigureFloor],
	)
	return f
}

func (f *figures) request(o web.Observation) {
	f.requests.WithLabelValues(o.Door, o.Method, o.Route, strconv.Itoa(o.Status)).Inc()
	f.took.WithLabelValues(o.Door, o.Method, o.Route).Observe(o.Took.Seconds())
	if o.Code != "" {
		f.failures.WithLabelValues(o.Door, string(o.Code)).Inc()
	}
}

func (f *figures) write(took time.Duration, members int, err error) {
	f.writes.WithLabelValues(result(err)).Observe(took.Seconds())
	if members > 0 {
		f.members.Observe(float64(members))
	}
}

func (f *figures) job(kind string, took time.Duration, err error) {
	f.jobs.WithLabelValues(kind, result(err)).Inc()
	f.jobTook.WithLabelValues(kind).Observe(took.Seconds())
}

func (f *figures) count(figure backend.Figure, word string) {
	f.decisions[figure].WithLabelValues(word).Inc()
}

func result(err error) string {
	if err != nil {
		return "failed"
	}
	return "ok"
}

// storeFigures asks the store at each scrape; a store that does not answer
// leaves its figures out.
type storeFigures struct {
	store *store.Store
	now   func() time.Time
}

var (
	waitingWrites     = prometheus.NewDesc("vedette_writes_waiting", "Writes that wait for the writer now.", nil, nil)
	openJobs          = prometheus.NewDesc("vedette_jobs_open", "Jobs that have not ended, counted up to 10,000.", []string{"kind", "state"}, nil)
	pendingDeliveries = prometheus.NewDesc("vedette_deliveries_pending", "Webhook deliveries that wait for an attempt, counted up to 10,000.", nil, nil)
	liveSessions      = prometheus.NewDesc("vedette_sessions_live", "Sessions of people that have not ended, counted up to 10,000.", nil, nil)
)

// Describe implements prometheus.Collector.
func (s storeFigures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{waitingWrites, openJobs, pendingDeliveries, liveSessions} {
		to <- d
	}
}

// scrapeLimit bounds what a scrape may cost the store.
const scrapeLimit = 2 * time.Second

// Collect implements prometheus.Collector.
func (s storeFigures) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
	}
	gauge(waitingWrites, int64(s.store.Waiting()))
	ctx, cancel := context.WithTimeout(context.Background(), scrapeLimit)
	defer cancel()
	r := s.store.Read(ctx)
	if jobs, err := r.OpenJobs(); err == nil {
		for _, j := range jobs {
			gauge(openJobs, j.Jobs, j.Kind, j.State)
		}
	}
	if n, err := r.PendingDeliveries(); err == nil {
		gauge(pendingDeliveries, n)
	}
	if n, err := r.LiveSessions(s.now()); err == nil {
		gauge(liveSessions, n)
	}
}
