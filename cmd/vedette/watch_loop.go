package main

import (
	"context"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"vedette/agent"
)

// loop tells of what a run of the loop does, in the words of OpenTelemetry's
// conventions for generative AI. No prompt, answer, argument or evidence is
// among the attributes, and no setting puts any there (S68). All of a run is one
// trace, whoever works on it and however often it is taken over: the trace id is
// the run's.
func (w *watch) loop(ctx context.Context, o agent.Span) (context.Context, func(agent.SpanEnd)) {
	name, kind := o.Operation+" "+o.Model, trace.SpanKindClient
	switch o.Operation {
	case agent.OperationInvoke:
		name, kind = o.Operation+" vedette", trace.SpanKindInternal
		if id, err := uuid.Parse(o.Run); err == nil {
			ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
				TraceID: trace.TraceID(id), SpanID: trace.SpanID(id[8:]), TraceFlags: trace.FlagsSampled, Remote: true,
			}))
		}
	case agent.OperationTool:
		name, kind = o.Operation+" "+o.Tool, trace.SpanKindInternal
	}
	ctx, span := w.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(
		attribute.String("gen_ai.operation.name", o.Operation), attribute.String("gen_ai.provider.name", o.Provider),
		attribute.String("gen_ai.request.model", o.Model), attribute.String("gen_ai.conversation.id", o.Run), attribute.String("vedette.stage", string(o.Stage)),
	))
	if o.Tool != "" {
		span.SetAttributes(attribute.String("gen_ai.tool.name", o.Tool))
	}
	return ctx, func(e agent.SpanEnd) {
		if o.Operation != agent.OperationTool {
			span.SetAttributes(attribute.Int("gen_ai.usage.input_tokens", e.Usage.TokensIn), attribute.Int("gen_ai.usage.output_tokens", e.Usage.TokensOut))
		}
		if e.Code != "" {
			span.SetAttributes(attribute.String("error.type", string(e.Code)))
			span.SetStatus(codes.Error, string(e.Code))
		}
		span.End()
	}
}
