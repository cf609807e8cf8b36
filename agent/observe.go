package agent

import (
	"context"

	"vedette/backend/soc"
)

// Operations of a run, as OpenTelemetry's conventions for generative AI name
// them (version 1.37, status Development).
const (
	OperationInvoke = "invoke_agent"
	OperationChat   = "chat"
	OperationTool   = "execute_tool"
)

// Span is one operation of a run, for whoever watches: names and numbers, never
// what was said or found (S68).
type Span struct {
	Operation string
	Run       string
	Model     string
	Provider  string
	Stage     soc.Stage
	// Tool is a name of the tool table.
	Tool string
}

// SpanEnd is how it ended.
type SpanEnd struct {
	Usage soc.LoopUsage
	// Code is empty where nothing went wrong.
	Code soc.Code
}

// Observer is told of each operation as it begins; what it returns is called at
// its end.
type Observer func(ctx context.Context, s Span) (context.Context, func(SpanEnd))

// begin tells of an operation; nobody needs to be there to hear it.
func (o Observer) begin(ctx context.Context, s Span) (context.Context, func(SpanEnd)) {
	if o == nil {
		return ctx, func(SpanEnd) {}
	}
	return o(ctx, s)
}

// span is an operation of this stage.
func (s *session) span(operation, tool string) Span {
	return Span{Operation: operation, Run: s.run, Model: s.model.NameFor(s.stage), Provider: s.model.Provider, Stage: s.stage, Tool: tool}
}

// faultCode is the code of an attempt that failed.
func faultCode(f *Fault) soc.Code {
	switch {
	case f == nil:
		return ""
	case f.Kind == FaultTimeout || f.Kind == FaultUnavailable || f.Kind == FaultLimited:
		return soc.CodeModelUnavailable
	}
	return soc.CodeModelFailed
}
