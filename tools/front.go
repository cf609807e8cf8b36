package tools

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// maxBody bounds a message (M5).
const maxBody = 1 << 20

// Paths of the door; mount Handler at each.
const (
	Path         = "/mcp"
	PathLock     = "/mcp/tools.lock"
	PathMetadata = "/.well-known/oauth-protected-resource"
)

// Handler serves the door at Path, PathLock and PathMetadata (also with Path
// behind it).
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(Path, s.serveMCP)
	mux.HandleFunc(PathLock, s.serveLock)
	mux.HandleFunc(PathMetadata, s.serveMetadata)
	mux.HandleFunc(PathMetadata+Path, s.serveMetadata)
	return mux
}

// serveMCP is the front: it sees the raw request before the library, and lets
// through only what is allowed to get that far.
func (s *Server) serveMCP(w http.ResponseWriter, req *http.Request) {
	x := s.newExchange(wireLegacy)
	if frame := web.FrameOf(req.Context()); frame.RequestID != "" {
		x.by.Call.RequestID = frame.RequestID // one id in header, log and record
	}
	answer := &answerWriter{ResponseWriter: w, x: x, ctx: req.Context()}
	answer.Header().Set("X-Request-Id", x.by.Call.RequestID)
	answer.Header().Set("Cache-Control", "no-store")
	answer.Header().Set("X-Content-Type-Options", "nosniff")
	address := s.address(req)
	if wait := s.limits.strangers.wait(address); wait > 0 && s.noAuth == nil {
		x.recorded = true
		e := soc.Errorf(soc.Limited, soc.CodeRateLimited, "Too many refused requests from this address.")
		e.RetryAfter = wait
		answer.refuse(refused(http.StatusTooManyRequests, rpcServer, x.by.Call.RequestID, e))
		return
	}
	body, refusal := x.front(req)
	if refusal != nil {
		if x.by.Kind == "" {
			s.limits.strangers.add(address)
		}
		answer.refuse(refusal)
		return
	}
	leave, refusal := x.admit()
	if refusal != nil {
		answer.refuse(refusal)
		return
	}
	defer leave()
	ctx := context.WithValue(req.Context(), exchangeKey{}, x)
	if refusal := x.prepare(ctx); refusal != nil {
		answer.refuse(refusal)
		return
	}
	forward := req.WithContext(ctx)
	forward.Body, forward.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if !s.sessions {
		// A session id identifies nobody here, so it may change nothing (W12).
		forward.Header.Del("Mcp-Session-Id")
	}
	s.library.serveHTTP(answer, forward)
	answer.finish()
}

// front takes a request up to the point where its caller and message are
// known, in an order in which nobody unknown costs memory.
func (x *exchange) front(req *http.Request) ([]byte, *rpcError) {
	if refusal := x.server.hosts.check(req); refusal != nil {
		return nil, refusal
	}
	stream := x.server.sessions && (req.Method == http.MethodGet || req.Method == http.MethodDelete)
	if req.Method != http.MethodPost && !stream {
		return nil, &rpcError{
			status: http.StatusMethodNotAllowed, code: rpcServer, text: "Only POST is served here: there are no sessions and no server streams.",
			why: soc.CodeMethodNotAllowed,
		}
	}
	if kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type")); !stream && (err != nil || kind != "application/json") {
		return nil, refused(http.StatusUnsupportedMediaType, rpcServer, "",
			soc.Errorf(soc.Invalid, soc.CodeUnsupportedMediaType, "The body must be application/json."))
	}
	if refusal := x.identify(req); refusal != nil {
		return nil, refusal
	}
	if stream {
		return nil, nil
	}
	body, refusal := x.readBody(req)
	if refusal != nil {
		return nil, refusal
	}
	if refusal := x.parse(body, req.Header.Get("MCP-Protocol-Version")); refusal != nil {
		return nil, refusal
	}
	if refusal := x.place(req); refusal != nil {
		return nil, refusal
	}
	if scope := x.scope(); scope != "" && !x.by.Has(scope) {
		return nil, x.lacking(scope)
	}
	x.claimWait = func() (func(), bool) { return x.server.limits.waiting.claim(x.by.ID) }
	return body, nil
}

func (x *exchange) readBody(req *http.Request) ([]byte, *rpcError) {
	tooLarge := refused(http.StatusRequestEntityTooLarge, rpcServer, "",
		soc.Errorf(soc.Invalid, soc.CodePayloadTooLarge, "A message may have at most %d bytes.", maxBody))
	if req.ContentLength > maxBody {
		return nil, tooLarge
	}
	if encoding := req.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, refused(http.StatusUnsupportedMediaType, rpcServer, "",
			soc.Errorf(soc.Invalid, soc.CodeUnsupportedMediaType, "Send the body without a content encoding."))
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, req.Body, maxBody))
	var tooMany *http.MaxBytesError
	if errors.As(err, &tooMany) {
		return nil, tooLarge
	}
	if err != nil {
		return nil, badRequest(rpcParse, "The body could not be read to its end.")
	}
	return body, nil
}

// answerWriter puts the call on record before the first byte of its answer
// leaves; an answer that cannot be recorded is withheld (S38).
type answerWriter struct {
	http.ResponseWriter
	x        *exchange
	ctx      context.Context
	begun    bool
	withheld bool
}

// Unwrap lets the library reach Flush and deadlines of the connection.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *answerWriter) WriteHeader(status int) {
	if w.begun {
		return
	}
	w.begun = true
	if w.x.code == "" {
		w.x.code = statusCode(status)
	}
	web.Note(w.ctx, "mcp", w.x.by.Call.Operation, w.x.by, w.x.code)
	if err := w.x.record(w.ctx); err != nil {
		w.x.server.log.ErrorContext(w.ctx, "a call could not be recorded", "request", w.x.by.Call.RequestID, "error", err)
		w.withheld = true
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "5")
		w.ResponseWriter.WriteHeader(http.StatusServiceUnavailable)
		withheld := soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "The call could not be put on record, so its answer is withheld.")
		withheld.RetryAfter = 5
		_, _ = w.ResponseWriter.Write(refused(http.StatusServiceUnavailable, rpcServer, w.x.by.Call.RequestID, withheld).body(w.x.id))
		return
	}
	if kind, _, _ := mime.ParseMediaType(w.Header().Get("Content-Type")); kind == "text/event-stream" {
		// A buffering proxy would hold events back (W14).
		w.Header().Set("X-Accel-Buffering", "no")
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (w *answerWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.withheld {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// Flush implements http.Flusher, without which the library does not stream.
func (w *answerWriter) Flush() {
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// finish answers where the library had nothing to say.
func (w *answerWriter) finish() {
	if !w.begun {
		w.WriteHeader(http.StatusAccepted)
	}
}

func (w *answerWriter) refuse(e *rpcError) {
	w.x.code = e.why
	header := w.Header()
	header.Set("Content-Type", "application/json")
	if e.challenge != "" {
		header.Set("WWW-Authenticate", e.challenge)
	}
	if e.status == http.StatusMethodNotAllowed {
		header.Set("Allow", http.MethodPost)
	}
	if e.retry > 0 {
		header.Set("Retry-After", strconv.Itoa(e.retry))
	}
	w.WriteHeader(e.status)
	_, _ = w.Write(e.body(w.x.id))
}

// statusCode is what an answer of the library is recorded as.
func statusCode(status int) soc.Code {
	switch {
	case status < 400:
		return ""
	case status == http.StatusNotFound:
		return soc.CodeNotFound
	case status >= 500:
		return soc.CodeInternalError
	}
	return soc.CodeBadRequest
}

// statusOf is the status of an error of the desk at this door.
func statusOf(err error) int {
	e := soc.AsError(err)
	return web.Status(e.Kind, e.Code)
}
