package main

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"vedette/backend/web"
)

// watch is what looks at the parts of a server without being one of them: it
// turns what they do into figures and, where traces are on, into spans.
type watch struct {
	figures *figures
	tracer  trace.Tracer
}

// request ends the telling of a request; its span was begun by traced.
func (w *watch) request(ctx context.Context, o web.Observation) {
	w.figures.request(o)
	span := trace.SpanFromContext(ctx)
	span.SetName(o.Method + " " + o.Route)
	span.SetAttributes(
		attribute.String("http.request.method", o.Method), attribute.String("http.route", o.Route),
		attribute.Int("http.response.status_code", o.Status), attribute.String("vedette.door", o.Door),
		attribute.String("vedette.request_id", o.RequestID),
	)
	if o.Code != "" {
		span.SetAttributes(attribute.String("vedette.code", string(o.Code)))
	}
	if o.Status == 0 || o.Status >= 500 {
		span.SetStatus(codes.Error, string(o.Code))
	}
}

// write tells of one write of the store. One that belongs to no request or job,
// such as a clock's, gets no span.
func (w *watch) write(ctx context.Context) func(members int, err error) {
	began := time.Now()
	span := trace.SpanFromContext(context.Background())
	if trace.SpanFromContext(ctx).IsRecording() {
		_, span = w.tracer.Start(ctx, "write")
	}
	return func(members int, err error) {
		w.figures.write(time.Since(began), members, err)
		span.SetAttributes(attribute.Int("vedette.write.members", members))
		end(span, err)
	}
}

// job tells of one attempt of a job.
func (w *watch) job(ctx context.Context, kind string) (context.Context, func(error)) {
	began := time.Now()
	ctx, span := w.tracer.Start(ctx, "job "+kind, trace.WithSpanKind(trace.SpanKindConsumer))
	return ctx, func(err error) {
		w.figures.job(kind, time.Since(began), err)
		end(span, err)
	}
}

// end closes a span. What went wrong is told by its kind: the text of an error
// may quote a tenant's.
func end(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, "failed")
	}
	span.End()
}
