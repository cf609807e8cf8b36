package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
)

type frontKey struct{}

// front is what the front door notes about a request.
type front struct {
	frame Frame
	line  line
}

// line is what the access log tells of a request beyond its frame. It holds no
// path, query, header or body of the caller.
type line struct {
	route, door     string
	principal, kind string
	code            soc.Code
	status          int
	bytes           int64
}

// FrameOf returns the frame of a request that came through Front.
func FrameOf(ctx context.Context) Frame {
	if f, ok := ctx.Value(frontKey{}).(*front); ok {
		return f.frame
	}
	return Frame{}
}

func lineOf(ctx context.Context) *line {
	if f, ok := ctx.Value(frontKey{}).(*front); ok {
		return &f.line
	}
	return new(line)
}

// Note lets a door that Register does not serve (MCP, console) fill in the
// access log: its name, the route or tool, and who called.
func Note(ctx context.Context, door, route string, by soc.Actor, code soc.Code) {
	line := lineOf(ctx)
	line.door, line.route, line.principal, line.kind, line.code = door, route, by.ID, string(by.Kind), code
}

// Front is the front door of the whole listener: it mints the request id, sets
// the headers every answer has, checks Host and Origin before anything is read
// (S6), bounds what one address does at once, catches panics and writes the
// access log. It stands in front of every door, MCP and console included.
func (r *Registry) Front(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		f := &front{frame: Frame{
			RequestID: rand.Text(), CorrelationID: correlation(req.Header), At: r.now(), Path: req.URL.EscapedPath(),
			Address: r.address(req),
		}}
		f.line.route, f.line.door = unmatched, "none"
		req = req.WithContext(context.WithValue(req.Context(), frontKey{}, f))
		recorder := &responseRecorder{ResponseWriter: w, line: &f.line}
		defer r.logAccess(req, f)
		defer r.recoverPanic(recorder, req)
		setCommonHeaders(w.Header(), f.frame)
		if err := r.admit(req); err != nil {
			r.fail(recorder, req, r.familyFor(req), soc.RoleNone, err)
			return
		}
		address := f.frame.Address.String()
		if !r.perAddress.enter(address) {
			e := soc.Errorf(soc.Limited, soc.CodeRateLimited, "Too many requests of this address at once.").
				WithFix("Wait for answers before sending more.")
			e.Target, e.RetryAfter = "in-flight", 1
			r.fail(recorder, req, r.familyFor(req), soc.RoleNone, e)
			return
		}
		defer r.perAddress.exit(address)
		next.ServeHTTP(recorder, req)
	})
}

// unmatched is the route of a request that no door has taken.
const unmatched = "unmatched"

func setCommonHeaders(header http.Header, frame Frame) {
	header.Set("X-Request-Id", frame.RequestID)
	if frame.CorrelationID != "" {
		header.Set("X-Correlation-Id", frame.CorrelationID)
	}
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
}

var correlationForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// correlation is the caller's own request id, dropped when malformed.
func correlation(header http.Header) string {
	values := header.Values("X-Request-Id")
	if len(values) != 1 || !correlationForm.MatchString(values[0]) {
		return ""
	}
	return values[0]
}

// admit checks Host, against rebinding of names, and Origin, against pages of
// other sites. A client that sends no Origin is none of those.
func (r *Registry) admit(req *http.Request) error {
	host := req.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if !slices.Contains(r.config.Hosts, host) {
		e := soc.Errorf(soc.Denied, soc.CodeOriginRejected, "This server does not answer to that host name.")
		e.Target = "host"
		return e
	}
	origins := req.Header.Values("Origin")
	if len(origins) > 0 && (len(origins) > 1 || !slices.Contains(r.config.Origins, strings.ToLower(origins[0]))) {
		e := soc.Errorf(soc.Denied, soc.CodeOriginRejected, "Pages of that origin may not call this server.")
		e.Target = "origin"
		return e
	}
	return nil
}

// address is who sent the request. X-Forwarded-For is believed from the right,
// as far as it was written by declared proxies.
func (r *Registry) address(req *http.Request) netip.Addr {
	remote, err := netip.ParseAddrPort(req.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address := remote.Addr().Unmap()
	forwarded := strings.Split(strings.Join(req.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(forwarded) - 1; i >= 0 && r.trusted(address); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(forwarded[i]))
		if err != nil {
			break
		}
		address = hop.Unmap()
	}
	return address.WithZone("")
}

func (r *Registry) trusted(address netip.Addr) bool {
	return slices.ContainsFunc(r.config.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(address) })
}

// recoverPanic answers 500 and keeps value and stack in the log.
func (r *Registry) recoverPanic(w *responseRecorder, req *http.Request) {
	value := recover()
	if value == nil {
		return
	}
	if value == http.ErrAbortHandler {
		panic(value)
	}
	r.config.Log.LogAttrs(req.Context(), slog.LevelError, "panic", slog.String("request_id", FrameOf(req.Context()).RequestID),
		slog.Any("value", value), slog.String("stack", string(debug.Stack())))
	if w.line.status != 0 {
		panic(http.ErrAbortHandler) // half an answer is out: break the connection
	}
	r.fail(w, req, r.familyFor(req), soc.RoleNone,
		soc.Errorf(soc.Internal, soc.CodeInternalError, "The server could not complete the request."))
}

// Observation is what figures and traces may tell of a request: words of the
// program, and nothing that its caller wrote.
type Observation struct {
	Door, Route, Method string
	// Status is 0 where the connection broke before an answer.
	Status    int
	Code      soc.Code
	RequestID string
	Bytes     int64
	Took      time.Duration
}

// logAccess writes one line per request. It names the route's pattern, never
// the path, since ids and queries may be evidence or secrets.
func (r *Registry) logAccess(req *http.Request, f *front) {
	if f.line.route == unmatched && req.Pattern != "" { // of a door that is no family
		f.line.route = req.Pattern
	}
	if r.config.Observe != nil {
		r.config.Observe(req.Context(), Observation{
			f.line.door, f.line.route, method(req.Method), f.line.status, f.line.code, f.frame.RequestID, f.line.bytes, r.now().Sub(f.frame.At),
		})
	}
	r.config.Log.LogAttrs(req.Context(), slog.LevelInfo, "request",
		slog.String("request_id", f.frame.RequestID), slog.String("correlation_id", f.frame.CorrelationID),
		slog.String("method", method(req.Method)), slog.String("door", f.line.door), slog.String("route", f.line.route),
		slog.Int("status", f.line.status), slog.String("code", string(f.line.code)), slog.Int64("bytes", f.line.bytes),
		slog.Duration("took", r.now().Sub(f.frame.At).Round(time.Microsecond)), slog.String("address", f.frame.Address.String()),
		slog.String("kind", f.line.kind), slog.String("principal", f.line.principal))
}

func method(name string) string {
	if slices.Contains(methods, name) || name == http.MethodHead || name == http.MethodOptions {
		return name
	}
	return "other"
}

// responseRecorder notes status and size for the access log. Streams get
// through by http.ResponseController, which unwraps it.
type responseRecorder struct {
	http.ResponseWriter
	line *line
}

func (w *responseRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush keeps event streams flowing for libraries that ask for an http.Flusher.
func (w *responseRecorder) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

func (w *responseRecorder) WriteHeader(status int) {
	if w.line.status == 0 && status >= 200 {
		w.line.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *responseRecorder) Write(data []byte) (int, error) {
	if w.line.status == 0 {
		w.line.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(data)
	w.line.bytes += int64(n)
	return n, err
}
