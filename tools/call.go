package tools

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"runtime/debug"
	"time"
	"unicode/utf8"

	"vedette/backend/soc"
)

const (
	// callTime bounds a call (M6): some clients drop one at 60 s, and the
	// answer still has to be recorded and sent.
	callTime = 24 * time.Second
	// maxForm is the hard cap of characters per form of an answer (M24).
	maxForm = 40_000
)

// caller is who calls a tool, and over what.
type caller struct {
	by     soc.Actor
	wire   string
	method string
	// claimWait is nil where waiting is not bounded apart.
	claimWait func() (release func(), ok bool)
}

// call is the wrapper around every tool: validate, record, run within the
// deadline, record, answer. Nothing it returns was composed by a library, and
// nothing of a foreign error or a panic is in it (W6, W7).
func (s *Server) call(ctx context.Context, c caller, t *tool, arguments json.RawMessage) Result {
	r := &request{server: s, tool: t, by: c.by, at: s.now(), claimWait: c.claimWait}
	r.by.Served = &soc.Served{}
	r.by.Call.Operation = t.Name
	if len(bytes.TrimSpace(arguments)) == 0 {
		arguments = json.RawMessage("{}")
	}
	r.by.Call.ArgumentDigest = argumentDigest(arguments)
	result := s.attempt(ctx, c, r, arguments)
	if err := s.record(ctx, c, r, "", &result); err != nil {
		return s.failure(r.by.Call.RequestID, err)
	}
	return result
}

func (s *Server) attempt(ctx context.Context, c caller, r *request, arguments json.RawMessage) Result {
	if err := r.by.May(r.tool.Scope, soc.RoleNone); err != nil {
		return s.failure(r.by.Call.RequestID, err)
	}
	if err := r.accept(arguments); err != nil {
		return s.failure(r.by.Call.RequestID, err)
	}
	if !r.tool.Hints.ReadOnly {
		if err := s.record(ctx, c, r, "requested", &Result{}); err != nil {
			return s.failure(r.by.Call.RequestID, err)
		}
	}
	body, err := s.run(ctx, r)
	if err != nil {
		return s.failure(r.by.Call.RequestID, err)
	}
	return s.draw(r, body)
}

// accept validates the arguments and keeps them as the validator read them.
func (r *request) accept(arguments json.RawMessage) error {
	if err := soc.CheckJSON(arguments, argumentLimits); err != nil {
		return err
	}
	if trimmed := bytes.TrimSpace(arguments); trimmed[0] != '{' {
		return soc.Errorf(soc.Invalid, soc.CodeValidationError, "The arguments must be one JSON object.").
			WithFix("Send arguments like %s.", r.tool.example())
	}
	normal, faults := r.tool.validator.Normalise(arguments)
	if len(faults) > 0 {
		giveExamples(faults)
		return soc.Errorf(soc.Invalid, soc.CodeValidationError, "%s", faults.Text("argument"))
	}
	r.arguments = normal
	return nil
}

// run executes the tool within the deadline. A panic is an internal error.
func (s *Server) run(ctx context.Context, r *request) (body any, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	defer func() {
		if value := recover(); value != nil {
			s.log.ErrorContext(ctx, "tool panicked", "tool", r.tool.Name, "request", r.by.Call.RequestID,
				"panic", value, "stack", string(debug.Stack()))
			body, err = nil, soc.AsError(errors.New("panic"))
		}
	}()
	body, err = r.tool.run(ctx, r, r.arguments)
	if errors.Is(err, context.DeadlineExceeded) {
		e := soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "The call did not finish within %d seconds.", callTime/time.Second)
		e.RetryAfter = 5
		return nil, e.WithCause(err)
	}
	return body, err
}

// draw encodes what a tool returned, once: text and structured content are the
// same bytes (M23, W9).
func (s *Server) draw(r *request, body any) Result {
	raw, encoded := body.(json.RawMessage)
	if !encoded {
		var err error
		if raw, err = encode(body); err != nil {
			return s.failure(r.by.Call.RequestID, err)
		}
	}
	result := Result{Body: raw, Text: string(raw)}
	if marked, ok := body.(interface{ hasUntrusted() bool }); ok {
		result.Untrusted = marked.hasUntrusted()
	}
	if receipt, ok := body.(refusable); ok {
		result.Code = receipt.decision()
		if refusal := receipt.refusal(); refusal != nil {
			text := s.failure(r.by.Call.RequestID, refusal)
			result.Text, result.IsError, result.Code = text.Text, true, text.Code
		}
	}
	if utf8.RuneCount(raw) > maxForm || utf8.RuneCountInString(result.Text) > maxForm {
		s.log.Error("an answer is above the cap", "tool", r.tool.Name, "request", r.by.Call.RequestID, "bytes", len(raw))
		return s.failure(r.by.Call.RequestID, errors.New("answer above the cap"))
	}
	return result
}

// refusable is a receipt that may say no: success:false is an error result too,
// so that the reason reaches clients that show only error text.
type refusable interface {
	refusal() *soc.Error
	// decision is the code of the receipt, for the record.
	decision() soc.Code
}

// record writes the call to ledger, taint and audit. The context's end does
// not undo what was served.
func (s *Server) record(ctx context.Context, c caller, r *request, phase string, result *Result) error {
	if phase == "" && !r.tool.Hints.ReadOnly {
		phase = "completed"
	}
	record := soc.CallRecord{
		Wire: c.wire, Method: c.method, Tool: r.tool.Name, Phase: phase, ArgumentDigest: r.by.Call.ArgumentDigest,
		Code: result.Code, IsError: result.IsError, Duration: s.now().Sub(r.at), Served: r.by.Served,
	}
	if phase == "requested" {
		record.Served = nil
	} else {
		record.ResultDigest = digest([]byte(result.Text))
	}
	if err := s.desk.RecordCall(context.WithoutCancel(ctx), r.by, record); err != nil {
		s.log.ErrorContext(ctx, "a call could not be recorded", "tool", r.tool.Name, "request", r.by.Call.RequestID, "error", err)
		e := soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "The call could not be put on record, so its answer is withheld.")
		e.RetryAfter = 5
		return e.WithCause(err)
	}
	return nil
}

// encode is compact JSON without HTML escapes, which would corrupt mail and
// command lines.
func encode(body any) (json.RawMessage, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// argumentLimits are M5's; a comment of 64 KiB fits.
var argumentLimits = soc.JSONLimits{}

// argumentDigest is over the canonical arguments, or over the bytes where they
// have no canonical form.
func argumentDigest(arguments json.RawMessage) string {
	if canonical, err := soc.CanonicalJSON(arguments, argumentLimits); err == nil {
		return digest(canonical)
	}
	return digest(arguments)
}
