package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// traceFlush bounds what a stopping server waits for its collector.
const traceFlush = 3 * time.Second

// newWatch makes the figures and, where --trace-endpoint names a collector, the
// spans. They leave by OTLP over HTTP and hold no text of a tenant. A collector
// that is away costs spans and nothing else.
func (c *serveCommand) newWatch(ctx context.Context, engine string, open *closers) (*watch, error) {
	tracer, err := c.tracer(ctx, engine, open)
	return &watch{figures: newFigures(engine), tracer: tracer}, err
}

// traceFlags say where spans go.
type traceFlags struct {
	TraceEndpoint string  `help:"OpenTelemetry collector that gets traces by OTLP over HTTP, such as http://127.0.0.1:4318 (default: none)." placeholder:"URL"`
	TraceSample   float64 `default:"1" help:"Share of requests, jobs and investigations that are traced, 0 to 1."`
}

// tracer makes the spans of a process; engine is its database's, or "" for none.
func (c *traceFlags) tracer(ctx context.Context, engine string, open *closers) (trace.Tracer, error) {
	if c.TraceEndpoint == "" {
		return noop.NewTracerProvider().Tracer("vedette"), nil
	}
	u, err := url.Parse(c.TraceEndpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("--trace-endpoint %q is no http or https URL", c.TraceEndpoint)
	}
	if c.TraceSample < 0 || c.TraceSample > 1 {
		return nil, fmt.Errorf("--trace-sample %v is not from 0 to 1", c.TraceSample)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/traces"
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(u.String()))
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter), sdktrace.WithSampler(sdktrace.TraceIDRatioBased(c.TraceSample)),
		sdktrace.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "vedette"), attribute.String("service.version", versionText()), attribute.String("vedette.engine", engine),
		)),
	)
	open.add(func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), traceFlush)
		defer cancel()
		_ = provider.Shutdown(ctx) // spans that the collector did not take are lost, and nothing else
		return nil
	})
	return provider.Tracer("vedette"), nil
}

// traced begins the span of every request, as a child of the caller's where it
// sent one (W3C traceparent). Whether it is kept is decided here and never by
// the caller.
func (w *watch) traced(next http.Handler) http.Handler {
	if _, off := w.tracer.(noop.Tracer); off {
		return next
	}
	return http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		ctx := req.Context()
		if len(req.Header.Values("Traceparent")) == 1 && !strings.Contains(req.Header.Get("Traceparent"), ",") {
			ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(req.Header))
		}
		ctx, span := w.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		next.ServeHTTP(rw, req.WithContext(ctx))
	})
}
