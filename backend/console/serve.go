package console

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"vedette/backend/soc"
	"vedette/backend/web"
)

func withRouting(ctx context.Context, routing *chi.Context) context.Context {
	return context.WithValue(ctx, chi.RouteCtxKey, routing)
}

// visit is one request on its way through the checks.
type visit struct {
	c     *Console
	route *route
	req   *http.Request
	w     http.ResponseWriter
	by    soc.Actor
	form  url.Values
	// file is what the form ends in, nil for nothing.
	file *sentFile
	// seq is the position of the record before anything of the page was read:
	// what happens later reaches the page as an event.
	seq int64
	// leave gives back the place that the request takes.
	leave func()
}

// serve is the one handler of all pages.
func (c *Console) serve(r *route) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		v := &visit{c: c, route: r, req: req, w: w, leave: func() {}}
		defer func() { v.leave() }()
		view, err := v.answer(req.Context())
		if err != nil {
			v.fail(req.Context(), err)
			return
		}
		web.Note(req.Context(), "console", r.pattern, v.by, "")
		v.send(view)
	}
}

// answer runs the checks in the order of the other doors, then the page.
func (v *visit) answer(ctx context.Context) (View, error) {
	for _, step := range []func(context.Context) error{v.sameSite, v.authenticate, v.takeRate, v.readForm, v.token, v.workspace, v.fresh} {
		if err := step(ctx); err != nil {
			return View{}, err
		}
	}
	in, err := v.route.binding.bind(v.req, v.form)
	if err != nil {
		return View{}, err
	}
	if v.route.Who != Anyone && v.route.Method == http.MethodGet {
		if v.seq, err = v.c.live.position(ctx); err != nil {
			return View{}, err
		}
	}
	v.by.Call = v.call()
	return v.route.call(context.WithValue(ctx, sentFileKey{}, v.file), v.by, in)
}

// sameSite refuses a form that another site sent (S48). Browsers say so
// themselves; the token stops those that do not.
func (v *visit) sameSite(context.Context) error {
	if err := v.c.cross.Check(v.req); err != nil {
		return soc.Errorf(soc.Denied, soc.CodeOriginRejected, "Another site may not send forms to this one.").
			WithFix("Open the page here and send it from there.")
	}
	return nil
}

func (v *visit) call() soc.Call {
	frame := web.FrameOf(v.req.Context())
	return soc.Call{Door: "console", Operation: v.route.Name, RequestID: frame.RequestID, CorrelationID: frame.CorrelationID}
}

func (v *visit) caller() soc.Caller {
	return soc.Caller{
		Address: web.FrameOf(v.req.Context()).Address.String(), Client: v.req.UserAgent(), Call: v.call(), Partial: v.route.Partial,
	}
}

// unattended says that the page fetched itself and nobody asked for it. It
// keeps no session alive: a screen left on ends like one that was closed.
func unattended(req *http.Request) bool { return req.Header.Get("Vedette-Live") != "" }

// sessionCookie is the value of the session's cookie, "" for none; two of one
// name are none, because somebody else planted one.
func (c *Console) sessionCookie(req *http.Request) string {
	if found := req.CookiesNamed(c.registry.SessionCookie("", 0).Name); len(found) == 1 {
		return found[0].Value
	}
	return ""
}

// errSignIn leads to the sign-in page.
var errSignIn = errors.New("console: nobody is signed in")

func (v *visit) authenticate(ctx context.Context) error {
	if v.route.Who == Anyone {
		return nil
	}
	return v.authenticateAs(ctx, unattended(v.req))
}

// authenticateAs finds out whose session the cookie is. alone is true where
// nobody asked for the page but the page itself.
func (v *visit) authenticateAs(ctx context.Context, alone bool) error {
	cookie := v.c.sessionCookie(v.req)
	if cookie == "" {
		return errSignIn
	}
	caller := v.caller()
	caller.Unattended = alone
	by, err := v.c.identity.Session(ctx, cookie, caller)
	if e := soc.AsError(err); e != nil && e.Kind == soc.Unauthenticated && finishing(e.Target) != "" {
		return e
	}
	if soc.KindOf(err) == soc.Unauthenticated || err == nil && by.Kind == "" {
		return errSignIn
	}
	if err != nil {
		return err
	}
	by.Session, by.Call, by.Served = true, v.call(), &soc.Served{}
	v.by = by
	return nil
}

// finishing is the page where a half-made session is finished, by the target of
// the error that says so; "" for every other.
func finishing(target string) string {
	switch target {
	case "session." + string(soc.SessionSecondFactor):
		return "/console/second-factor"
	case "session." + string(soc.SessionEnrolment):
		return "/console/enrolment"
	}
	return ""
}

// takeRate lets one session not take the server from the others.
func (v *visit) takeRate(context.Context) error {
	limiter, payer := v.c.requests, v.by.Credential
	if v.route.Who == Anyone {
		if v.route.Method == http.MethodGet {
			return nil
		}
		limiter, payer = v.c.signIns, web.FrameOf(v.req.Context()).Address.String()
	}
	leave, wait := limiter.Enter(payer)
	if leave == nil {
		e := soc.Errorf(soc.Limited, soc.CodeRateLimited, "Too many requests.").WithFix("Wait %d seconds and try again.", wait)
		e.RetryAfter = wait
		return e
	}
	v.leave = leave
	return nil
}

func (v *visit) readForm(context.Context) error {
	if v.route.Method != http.MethodPost {
		return nil
	}
	media, _, err := mime.ParseMediaType(v.req.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" && media != "multipart/form-data" {
		return soc.Errorf(soc.Invalid, soc.CodeUnsupportedMediaType, "A page takes forms only.")
	}
	v.req.Body = http.MaxBytesReader(v.w, v.req.Body, v.route.MaxBody)
	if media == "multipart/form-data" && v.route.File {
		return v.readParts()
	}
	if media == "multipart/form-data" {
		err = v.req.ParseMultipartForm(v.route.MaxBody)
	} else {
		err = v.req.ParseForm()
	}
	if limit := (*http.MaxBytesError)(nil); errors.As(err, &limit) {
		return soc.Errorf(soc.Invalid, soc.CodePayloadTooLarge, "The form may have at most %d bytes.", v.route.MaxBody)
	}
	if err != nil {
		return soc.Errorf(soc.Invalid, soc.CodeBadRequest, "The form could not be read.")
	}
	v.form = v.req.PostForm
	if v.req.MultipartForm != nil {
		v.form = v.req.MultipartForm.Value
	}
	return nil
}

// token asks a form for what only a page of this session could hold (S48).
func (v *visit) token(context.Context) error {
	if v.route.Method != http.MethodPost || v.route.Who == Anyone {
		return nil
	}
	if !rightToken(v.form.Get("token"), v.c.sessionCookie(v.req)) {
		return soc.Errorf(soc.Denied, soc.CodeOriginRejected, "The form is not of this session; nothing was done.").
			WithFix("The page was opened before the last sign-in. Open it again and repeat.")
	}
	return nil
}

// workspace narrows the actor to that of the path and asks for the role.
func (v *visit) workspace(ctx context.Context) error {
	if v.route.Who != Member {
		return nil
	}
	id := chi.URLParam(v.req, "workspace")
	if !web.IsUUID(id) {
		return soc.NotFoundf("There is no such workspace.")
	}
	by, err := v.c.identity.Workspace(ctx, v.by, strings.ToLower(id))
	if kind := soc.KindOf(err); kind == soc.NotFound || kind == soc.Denied {
		return soc.NotFoundf("There is no such workspace.").WithFix("Choose one of yours.")
	}
	if err != nil {
		return err
	}
	v.by = by
	return v.record(ctx, v.route.admits(by))
}

func (v *visit) fresh(ctx context.Context) error {
	if !v.route.Fresh || v.by.Fresh(v.c.now()) {
		return nil
	}
	e := soc.Errorf(soc.Denied, soc.CodeHumanSessionRequired, "The sign-in is too long ago for this.").
		WithFix("Prove again who you are, then repeat this within five minutes.")
	e.Target = staleSession
	return v.record(ctx, e)
}

// staleSession is the target of errors that a new proof of identity mends.
const staleSession = "session.reauth"

// record puts a refusal that came before the operation on record.
func (v *visit) record(ctx context.Context, err error) error {
	if failure := soc.AsError(err); failure != nil && failure.Kind == soc.Denied {
		v.c.recorder.RecordRefusal(ctx, v.by, v.call(), failure)
	}
	return err
}
