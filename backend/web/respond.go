package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"vedette/backend/soc"
	"vedette/schemas"
)

// Reply is what a door gives back: the data, and what HTTP says beside it.
type Reply[Out any] struct {
	Data Out
	// Status is the operation's unless set here (201 or 202 against 200).
	// With 204 there is no body.
	Status int
	// Location of what came to be.
	Location string
	// Revision of a single object, sent as ETag; 0 for none.
	Revision int64
	// Page is set on lists that go on.
	Page *Page
	// Cookie starts or ends a session; it is never stored.
	Cookie *http.Cookie
	// RetryAfter is in how many seconds to ask again, for work that goes on.
	RetryAfter int
}

// OK is the reply that is data and nothing else.
func OK[Out any](data Out) Reply[Out] { return Reply[Out]{Data: data} }

// replier is a Reply of any type.
type replier interface{ untyped() Reply[any] }

func (r Reply[Out]) untyped() Reply[any] {
	return Reply[any]{r.Data, r.Status, r.Location, r.Revision, r.Page, r.Cookie, r.RetryAfter}
}

// rendered is an answer ready to be sent or stored.
type rendered struct {
	status int
	body   []byte
	media  string
	header http.Header
	// content is set instead of body where the answer comes in pieces.
	content *Content
}

func (x *exchange) render(reply replier) (*rendered, error) {
	r := reply.untyped()
	out := &rendered{status: r.Status, header: x.headers(reply), media: "application/json"}
	if out.status == 0 {
		out.status = x.route.Status
	}
	if out.status == http.StatusNoContent {
		return out, nil
	}
	if content, ok := r.Data.(Content); ok {
		content.render(out)
		return out, nil
	}
	var err error
	out.body, err = encode(x.route.family.Envelope(x.frame, r.Data, r.Page))
	return out, err
}

func (x *exchange) headers(reply replier) http.Header {
	r, header := reply.untyped(), http.Header{}
	if r.Location != "" {
		header.Set("Location", r.Location)
	}
	if r.Revision != 0 {
		header.Set("ETag", etag(r.Revision))
	}
	if r.Cookie != nil {
		header.Set("Set-Cookie", r.Cookie.String())
	}
	if r.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(r.RetryAfter))
	}
	return header
}

// encode writes JSON as it shall be read: <, > and & as themselves, and a
// payload of another system byte for byte.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("an answer does not encode: %w", err)
	}
	return schemas.Unfold(out.Bytes()), nil
}

func (x *exchange) send(out *rendered) {
	x.standing.write(x.w.Header(), x.registry.now(), x.route.family.LegacyRateHeaders)
	for name, values := range out.header {
		x.w.Header()[name] = values
	}
	if len(out.body) > 0 && out.media == "" {
		out.media = "application/json"
	}
	if out.content != nil {
		x.sendPieces(out)
		return
	}
	write(x.w, out.status, out.media, out.body)
}

// write sends a whole answer; net/http drops the body of an answer to HEAD.
func write(w http.ResponseWriter, status int, media string, body []byte) {
	if status != http.StatusNoContent {
		w.Header().Set("Content-Type", media)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	if status != http.StatusNoContent {
		_, _ = w.Write(body) // the caller has gone; the access log tells
	}
}

// fail sends an error in the family's words.
func (x *exchange) fail(err error) {
	x.standing.write(x.w.Header(), x.registry.now(), x.route.family.LegacyRateHeaders)
	x.registry.fail(x.w, x.req, x.route.family, x.by.Role, err)
}

// fail draws an error. What is not an *soc.Error, and every cause, goes to the
// log under the request's id and not to the caller.
func (r *Registry) fail(w http.ResponseWriter, req *http.Request, family *Family, role soc.Role, err error) {
	frame, e := FrameOf(req.Context()), soc.AsError(err)
	failure := Failure{Err: e, Status: Status(e.Kind, e.Code), Frame: frame, Role: role, Message: e.Message}
	if d := (detailed{}); errors.As(err, &d) {
		failure.Details = d.details
	}
	line := lineOf(req.Context())
	line.code = e.Code
	if e.Kind == soc.Internal || e.Cause != nil {
		r.config.Log.LogAttrs(req.Context(), slog.LevelError, "request failed", slog.String("request_id", frame.RequestID),
			slog.String("door", line.door), slog.String("route", line.route), slog.String("code", string(e.Code)), slog.Any("cause", e.Cause))
	}
	header := w.Header()
	if e.Kind == soc.Unauthenticated {
		for _, challenge := range family.Challenges {
			header.Add("WWW-Authenticate", challenge)
		}
	}
	if seconds := retryAfter(e); seconds > 0 {
		header.Set("Retry-After", strconv.Itoa(seconds))
	}
	media, body := family.Problem(failure)
	data, err := encode(body)
	if err != nil {
		r.config.Log.Error("an error body does not encode", "request_id", frame.RequestID, "cause", err)
	}
	write(w, failure.Status, media, data)
}

func retryAfter(e *soc.Error) int {
	if e.Kind == soc.Limited || e.Kind == soc.Unavailable {
		return max(1, e.RetryAfter)
	}
	return e.RetryAfter
}

// unknown answers a path or method that no route has.
func (r *Registry) unknown(w http.ResponseWriter, req *http.Request, allowed []string) {
	family := r.familyFor(req)
	err := soc.NotFoundf("There is no such route.")
	if len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		err = soc.Errorf(soc.Invalid, soc.CodeMethodNotAllowed, "The method is not one of %s.", strings.Join(allowed, ", "))
	}
	r.fail(w, req, family, soc.RoleNone, err)
}

// familyFor is the family in whose words a path is answered.
func (r *Registry) familyFor(req *http.Request) *Family {
	if family := r.familyOf(req.URL.Path); family != nil {
		return family
	}
	return &Family{Name: "none", Challenges: []string{challengeBearer}, Problem: portalProblem("")}
}
