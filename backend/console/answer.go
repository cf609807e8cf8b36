package console

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// send writes what a page gave.
func (v *visit) send(view View) {
	if view.Cookie != nil {
		http.SetCookie(v.w, view.Cookie)
	}
	switch {
	case view.Redirect != "":
		address := view.Redirect
		if view.Notice != "" {
			separator := "?"
			if strings.Contains(address, "?") {
				separator = "&"
			}
			address += separator + "done=" + url.QueryEscape(view.Notice)
		}
		v.redirect(address)
	case view.File != nil:
		v.sendFile(*view.File)
	default:
		v.draw(v.req.Context(), view, nil)
	}
}

// redirect leads on. A page that fetched a part of itself is led as a whole.
func (v *visit) redirect(address string) {
	if v.req.Header.Get("HX-Request") != "" {
		v.w.Header().Set("HX-Redirect", address)
		v.w.WriteHeader(http.StatusNoContent)
		return
	}
	v.w.Header().Set("Location", address)
	v.w.WriteHeader(http.StatusSeeOther)
}

// sendFile answers with a download that no browser shows.
func (v *visit) sendFile(f File) {
	header := v.w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	header.Set("Content-Type", f.Media)
	header.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(f.Name))
	if f.Chunks == nil {
		header.Set("Content-Length", strconv.Itoa(len(f.Body)))
		_, _ = v.w.Write(f.Body) // the caller has gone
		return
	}
	header.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	if v.req.Method == http.MethodHead {
		return
	}
	for {
		piece, err := f.Chunks(v.req.Context())
		if err != nil {
			v.c.log.LogAttrs(v.req.Context(), slog.LevelError, "a file broke off", slog.String("error", err.Error()))
			panic(http.ErrAbortHandler) // too short for its length: the browser sees that it is not whole
		}
		if piece == nil {
			return
		}
		if _, err := v.w.Write(piece); err != nil {
			return // the caller has gone
		}
	}
}

// draw writes a page of somebody who is signed in, or of nobody.
func (v *visit) draw(ctx context.Context, view View, problem *Problem) {
	frame := Frame{
		Title: view.Title, Data: view.Data, Problem: problem, Alone: view.Template == problemPage, Facts: v.c.facts, form: v.form, Section: v.section(),
		Path: v.req.URL.RequestURI(), Seq: v.seq, Notice: notices[v.req.URL.Query().Get("done")], by: v.by, now: v.c.now(),
	}
	if v.by.Session {
		frame.Token = formToken(v.c.sessionCookie(v.req))
		if err := v.c.surround(ctx, &frame); err != nil {
			v.c.log.LogAttrs(ctx, slog.LevelError, "the frame of a page", slog.String("error", err.Error()))
			http.Error(v.w, "The server could not complete the request.", http.StatusInternalServerError)
			return
		}
	}
	status := view.Status
	if problem != nil {
		status = problem.Status
	}
	v.c.draw(v.w, v.req, max(status, http.StatusOK), view.Template, frame)
}

// section is the path of the navigation's page that this one belongs to.
func (v *visit) section() string {
	if v.route == nil {
		return ""
	}
	if v.route.Nav != nil {
		return v.route.Path
	}
	return v.route.Section
}

// problemPage is the page of a failure that no form of ours caused.
const problemPage = "problem"

// Problem is a failure as a page tells it.
type Problem struct {
	Status    int
	Code      string
	Message   string
	Fix       string
	Fields    map[string][]string
	Rule      string
	RequestID string
	// Back is the page to go on from, empty where there is none.
	Back string
}

// fail answers a failure: by the sign-in page, by the page that proves again
// who somebody is, by the page whose form it was, or by a page of its own.
func (v *visit) fail(ctx context.Context, err error) {
	if errors.Is(err, errSignIn) {
		web.Note(ctx, "console", v.route.pattern, v.by, soc.CodeUnauthorized)
		v.leadToSignIn(ctx)
		return
	}
	failure := soc.AsError(err)
	web.Note(ctx, "console", v.route.pattern, v.by, failure.Code)
	if failure.Kind == soc.Internal {
		v.c.log.LogAttrs(ctx, slog.LevelError, "page failed", slog.String("request_id", web.FrameOf(ctx).RequestID), slog.String("error", err.Error()))
	}
	if failure.Kind == soc.Denied && failure.Target == staleSession {
		v.redirect("/console/step-up?next=" + url.QueryEscape(v.origin()))
		return
	}
	if page := finishing(failure.Target); page != "" && failure.Kind == soc.Unauthenticated {
		v.redirect(page + "?next=" + url.QueryEscape(v.origin()))
		return
	}
	if failure.RetryAfter > 0 {
		v.w.Header().Set("Retry-After", strconv.Itoa(failure.RetryAfter))
	}
	problem := newProblem(ctx, failure)
	if v.route.Back != "" && v.again(ctx, problem) {
		return
	}
	problem.Back = v.origin()
	if v.route.Method == http.MethodGet {
		problem.Back = ""
	}
	v.draw(ctx, View{Template: problemPage, Title: problemTitle(problem.Status)}, problem)
}

func newProblem(ctx context.Context, failure *soc.Error) *Problem {
	p := &Problem{
		Status: web.Status(failure.Kind, failure.Code), Code: string(failure.Code), Message: failure.Message, Fix: failure.Fix,
		Fields: failure.Fields, Rule: failure.Rule, RequestID: web.FrameOf(ctx).RequestID,
	}
	if failure.Kind == soc.Internal {
		p.Message, p.Fix, p.Fields = "The server could not complete the request.", "Try again; tell whoever runs the server the number below.", nil
	}
	return p
}

// origin is the address of the page that the request came from, or is.
func (v *visit) origin() string {
	if v.route.Method == http.MethodGet {
		return v.req.URL.RequestURI()
	}
	address := v.c.backPattern(v.route)
	params := chi.RouteContext(v.req.Context()).URLParams
	for i, key := range params.Keys {
		address = strings.ReplaceAll(address, "{"+key+"}", params.Values[i])
	}
	if next := ownPath(v.form.Get("next")); next != "" {
		address += "?next=" + url.QueryEscape(next)
	}
	return address
}

// again draws the page of a form with the refusal on top. It cannot where that
// page itself may not be seen, or the form never got as far as being believed.
func (v *visit) again(ctx context.Context, problem *Problem) bool {
	if v.route.Who != Anyone && !v.by.Session || problem.Code == string(soc.CodeOriginRejected) {
		return false
	}
	for _, r := range v.c.routes {
		if r.Method != http.MethodGet || r.pattern != v.c.backPattern(v.route) {
			continue
		}
		if r.Who == Member && (v.by.Workspace == "" || r.admits(v.by) != nil) {
			return false
		}
		empty := *v.req
		empty.URL = &url.URL{Path: v.req.URL.Path, RawPath: v.req.URL.RawPath}
		if next := ownPath(v.form.Get("next")); next != "" {
			empty.URL.RawQuery = "next=" + url.QueryEscape(next)
		}
		in, err := r.binding.bind(&empty, nil)
		if err != nil {
			return false
		}
		view, err := r.call(ctx, v.by, in)
		if err != nil || view.Redirect != "" || view.File != nil {
			return false
		}
		page := *v
		page.route = r
		page.draw(ctx, view, problem)
		return true
	}
	return false
}

func problemTitle(status int) string {
	switch status {
	case http.StatusNotFound:
		return "Not found"
	case http.StatusForbidden:
		return "Not permitted"
	}
	return "That did not work"
}

// unknown answers a path that is no page, in the same words to everybody.
func (c *Console) unknown(w http.ResponseWriter, req *http.Request) {
	v := &visit{c: c, route: &route{Page: Page{Method: http.MethodGet}, pattern: "/console/*"}, req: req, w: w}
	_ = v.authenticateAs(req.Context(), true) // for what stands around the page; nobody may see it too
	v.fail(req.Context(), soc.NotFoundf("There is no such page.").WithFix("Go back, or to the start."))
}

// leadToSignIn answers somebody without a live session. A browser that comes by
// a link of another site keeps the session's cookie back (SameSite=Strict); one
// step within the site brings it along, so those are shown a page with that
// step first.
func (v *visit) leadToSignIn(ctx context.Context) {
	here := v.origin()
	switch {
	case v.req.Header.Get("HX-Request") != "" && unattended(v.req): // nobody is looking; the screen stays as it is and says so
		v.w.Header().Set("HX-Reswap", "none")
		v.w.WriteHeader(http.StatusUnauthorized)
	case v.route.Method == http.MethodGet && v.req.Header.Get("Sec-Fetch-Site") == "cross-site" && v.c.sessionCookie(v.req) == "":
		v.draw(ctx, View{Template: "continue", Title: "Continue", Data: here}, nil)
	default:
		v.redirect("/console/sign-in?next=" + url.QueryEscape(here))
	}
}
