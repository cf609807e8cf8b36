package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"vedette/backend/soc"
)

// exchange is one request on its way through the checks.
type exchange struct {
	registry *Registry
	route    *Route
	req      *http.Request
	w        http.ResponseWriter
	frame    Frame
	line     *line

	by       soc.Actor
	media    string
	in       reflect.Value
	standing standing
	// leave gives back what the request holds: its place in flight, its key.
	leave func()
	// pending is the claim of the request's Idempotency-Key, nil without one.
	pending *soc.IdempotencyClaim
	// stored is what the idempotency claim drew, if the operation asked it to.
	stored                        *rendered
	canonicalQuery, canonicalBody []byte
}

// serve is the one handler of all routes.
func (r *Registry) serve(route *Route) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		x := &exchange{
			registry: r, route: route, req: req, w: w, frame: FrameOf(req.Context()), line: lineOf(req.Context()),
			in: reflect.New(route.binding.in).Elem(), leave: func() {},
		}
		x.line.route, x.line.door = route.Path, route.Family
		defer func() { x.leave() }()
		out, err := x.answer(req.Context())
		if err != nil {
			x.fail(err)
			return
		}
		x.send(out)
	}
}

// answer runs the checks in order, then the operation.
func (x *exchange) answer(ctx context.Context) (*rendered, error) {
	for _, step := range []func(context.Context) error{
		x.declaredSize, x.sameSite, x.mediaType, // 1
		x.authenticate, x.takeRate, // 2, 3
		x.pathSyntax, x.may, x.workspace, x.source, // 4 to 7
		x.input, // 8
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	if out, err := x.claim(ctx); err != nil || out != nil { // 9
		return out, err
	}
	return x.operate(ctx)
}

// operate calls the operation. What an agent gets is on record before it leaves.
func (x *exchange) operate(ctx context.Context) (*rendered, error) {
	x.by.Call.ArgumentDigest = x.argumentDigest()
	if err := x.record(ctx, "requested", nil, nil, 0); err != nil {
		return nil, err
	}
	start := x.registry.now()
	reply, failure := x.route.call(ctx, x.by, x.in)
	out := answeredBefore(failure)
	switch {
	case out != nil:
		failure = nil
	case failure == nil:
		out, failure = x.draw(reply)
	}
	if err := x.record(ctx, "completed", out, soc.AsError(failure), x.registry.now().Sub(start)); err != nil {
		return nil, err
	}
	if x.route.Who == Anyone && soc.KindOf(failure) == soc.Unauthenticated {
		x.countLoginFailure()
	}
	return out, failure
}

// draw renders a reply, unless its write has already stored it.
func (x *exchange) draw(reply replier) (*rendered, error) {
	if x.stored == nil {
		return x.render(reply)
	}
	x.stored.header = x.headers(reply)
	return x.stored, nil
}

// record keeps one phase of an agent's call; a read has only one, without name.
func (x *exchange) record(ctx context.Context, phase string, out *rendered, failure *soc.Error, took time.Duration) error {
	if x.by.Kind != soc.PrincipalAgent || !x.route.Write && phase == "requested" {
		return nil
	}
	call := soc.CallRecord{
		Wire: "rest", Method: x.route.Method, Tool: x.route.Name, ArgumentDigest: x.by.Call.ArgumentDigest, Duration: took,
	}
	if x.route.Write {
		call.Phase = phase
	}
	if phase == "completed" {
		call.Served = x.by.Served
	}
	if out != nil {
		call.ResultDigest = digest(out.body)
	}
	if failure != nil {
		call.Code, call.IsError = failure.Code, true
	}
	return x.registry.config.Recorder.RecordCall(ctx, x.by, call)
}

// declaredSize refuses a body that says itself that it is too long.
func (x *exchange) declaredSize(context.Context) error {
	if x.req.ContentLength > x.bodyLimit() {
		return x.tooLarge()
	}
	if encoding := x.req.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return soc.Errorf(soc.Invalid, soc.CodeUnsupportedMediaType, "The body must not be compressed.")
	}
	return nil
}

func (x *exchange) tooLarge() error {
	return WithDetails(
		soc.Errorf(soc.Invalid, soc.CodePayloadTooLarge, "The body may have at most %d bytes.", x.route.MaxBody),
		map[string]any{"max_bytes": x.route.MaxBody})
}

// sameSite refuses a write by cookie that another site could have caused (S48).
// A POST, PUT or PATCH must be of a type that no form sends; a DELETE without a
// body already needs more than a form.
func (x *exchange) sameSite(context.Context) error {
	if !x.route.Write || x.cookie() == "" {
		return nil
	}
	site := x.req.Header.Get("Sec-Fetch-Site")
	bare := x.req.Method == http.MethodDelete && x.req.ContentLength == 0
	typed := slices.Contains(x.route.Media, contentType(x.req))
	if site != "" && site != "same-origin" && site != "none" || !typed && !bare {
		return originRejected("A write by session cookie must come from this site, with Content-Type %s.", strings.Join(x.route.Media, " or "))
	}
	return nil
}

func originRejected(format string, args ...any) error {
	return soc.Errorf(soc.Denied, soc.CodeOriginRejected, format, args...)
}

func (x *exchange) mediaType(context.Context) error {
	x.media = contentType(x.req)
	if x.req.ContentLength == 0 && x.media == "" {
		return nil
	}
	if !slices.Contains(x.route.Media, x.media) {
		return soc.Errorf(soc.Invalid, soc.CodeUnsupportedMediaType, "The body must be %s in UTF-8.", strings.Join(x.route.Media, " or "))
	}
	return nil
}

// contentType is the media type without parameters, "" for none and "invalid"
// for several, malformed, or another charset than UTF-8.
func contentType(req *http.Request) string {
	values := req.Header.Values("Content-Type")
	if len(values) == 0 {
		return ""
	}
	media, parameters, err := mime.ParseMediaType(values[0])
	if charset := parameters["charset"]; len(values) > 1 || err != nil || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "invalid"
	}
	return media
}

func (x *exchange) pathSyntax(context.Context) error {
	faults, err := x.route.binding.bindPath(x.req, x.in)
	if err != nil {
		return err
	}
	if faults != nil && x.route.family.MalformedPath404 {
		return soc.NotFoundf("There is no such object.")
	}
	if id := chi.URLParam(x.req, workspaceParameter); x.workspaceInPath() && !IsUUID(id) {
		return soc.InvalidField(workspaceParameter, "Must be a GUID.")
	}
	return faults.Err()
}

func (x *exchange) workspaceInPath() bool {
	return x.route.family.WorkspaceInPath && !x.route.Organization && x.route.Who != Anyone
}

// input is step 8. What is not as the contract says is on record like any other
// refusal of a known caller (S55): probing leaves a trace.
func (x *exchange) input(ctx context.Context) error {
	err := x.bind()
	if failure := soc.AsError(err); failure != nil && failure.Kind == soc.Invalid && x.by.Kind != "" {
		x.registry.config.Recorder.RecordRefusal(ctx, x.by, x.call(), failure)
	}
	return err
}

// bind reads query, headers and body into the input.
func (x *exchange) bind() (err error) {
	b := x.route.binding
	if x.canonicalQuery, err = b.bindQuery(x.req.URL.RawQuery, x.route.family.FoldQuery, x.in); err != nil {
		return err
	}
	if err := b.bindHeaders(x.req.Header, x.in); err != nil {
		return err
	}
	body := http.MaxBytesReader(x.w, x.req.Body, x.bodyLimit())
	if b.stream {
		x.openStream(body)
		return nil
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return x.unreadable(err)
	}
	x.canonicalBody, err = b.bindBody(data, x.media, x.route.JSON, x.in)
	return err
}

// unreadable says why a body did not come whole.
func (x *exchange) unreadable(err error) error {
	if limit := (*http.MaxBytesError)(nil); errors.As(err, &limit) {
		return x.tooLarge()
	}
	return badRequest("The body could not be read.")
}

func (x *exchange) call() soc.Call {
	return soc.Call{
		Door: x.route.Family, Operation: x.route.Name, RequestID: x.frame.RequestID, CorrelationID: x.frame.CorrelationID,
	}
}

func (x *exchange) caller() soc.Caller {
	return soc.Caller{
		Address: x.frame.Address.String(), Client: x.req.UserAgent(), Call: x.call(), Partial: x.route.Partial,
	}
}

// IsUUID reports whether text is a UUID in the canonical form, in either case.
func IsUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		switch dash := i == 8 || i == 13 || i == 18 || i == 23; {
		case dash && c == '-':
		case !dash && (c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'):
		default:
			return false
		}
	}
	return true
}
