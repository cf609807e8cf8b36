package tools

import (
	"context"
	"encoding/json"
	"time"

	"vedette/backend/soc"
	"vedette/prompts"
	"vedette/schemas"
)

// Hints are the four annotations of a tool; all four are always sent (W13).
type Hints struct {
	// ReadOnly: changes nothing.
	ReadOnly bool
	// Destructive: may suppress an incident or act on the world.
	Destructive bool
	// Idempotent: the same call again adds nothing.
	Idempotent bool
	// OpenWorld: the answer can hold text written by whoever caused an event.
	OpenWorld bool
}

// Tool is one tool as a door or the built-in agent loop offers it. The loop and
// an outside agent see exactly the same.
type Tool struct {
	Name        string
	Title       string
	Description string
	Scope       soc.Scope
	Hints       Hints
	// Schema is the JSON Schema of the arguments.
	Schema json.RawMessage
	// Call runs the tool for by with one JSON object of arguments. It never
	// fails: what went wrong is in the Result. by.Call.Door names the caller's
	// door. The call is on record (ledger, taint, audit) when it returns.
	Call func(ctx context.Context, by soc.Actor, arguments json.RawMessage) Result
}

// Result is the answer of a tool.
type Result struct {
	// Body is one compact JSON object; nil for an error without one.
	Body json.RawMessage
	// Text is what is shown where only text is: Body itself for a success, the
	// whole story for an error.
	Text    string
	IsError bool
	// Untrusted says that fields of Body hold text from outside.
	Untrusted bool
	// Code is the code of an error or receipt, "" for a plain success.
	Code soc.Code
}

// tool is a Tool with what the wrapper needs of it.
type tool struct {
	Tool
	validator *schemas.Validator
	run       func(context.Context, *request, json.RawMessage) (any, error)
	// natural says that a repeat is answered with the first receipt (M28).
	natural bool
}

// request is one call of a tool on its way through the wrapper.
type request struct {
	server *Server
	tool   *tool
	by     soc.Actor
	at     time.Time
	// arguments as the validator read them, without tolerated spellings.
	arguments json.RawMessage
	// claimWait asks for one of the caller's few waiting places (M3).
	claimWait func() (release func(), ok bool)
}

// ref names an incident of the caller's workspace.
func (r *request) ref(id string) soc.IncidentRef {
	return soc.IncidentRef{Workspace: r.by.Workspace, ID: id}
}

// makeTool builds a tool from its argument type. A schema that cannot be served
// panics, which stops the start (W17).
func makeTool[In any](name, title string, hints Hints, run func(context.Context, *request, In) (any, error)) *tool {
	schema := schemas.Of[In]()
	return &tool{
		Tool: Tool{
			Name: name, Title: title, Description: prompts.Tool(name), Hints: hints, Schema: schema,
		},
		validator: schemas.MustCompile(schema, schemas.Tools),
		run: func(ctx context.Context, r *request, arguments json.RawMessage) (any, error) {
			var in In
			if err := json.Unmarshal(arguments, &in); err != nil {
				// The validator passed it, so the type and its schema disagree.
				return nil, err
			}
			return run(ctx, r, in)
		},
		natural: !hints.ReadOnly && hints.Idempotent,
	}
}
