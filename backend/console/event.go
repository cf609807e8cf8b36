package console

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
)

const (
	// liveBeat is how often a silent stream says that it stands, and how soon one
	// ends whose session has ended.
	liveBeat = 15 * time.Second
	// liveWrite bounds one write to a viewer who does not read.
	liveWrite = 10 * time.Second
	// streamsAtOnce bounds the open streams of one session: a browser has one for
	// each page that is on screen.
	streamsAtOnce = 12
)

// serveEvents is the stream of one page: what happens in its workspace, from
// where the page was drawn or the stream broke (Last-Event-ID). It changes
// nothing and keeps no session alive.
func (c *Console) serveEvents(w http.ResponseWriter, req *http.Request) {
	ctx := req.Context()
	v := &visit{c: c, req: req, w: w, route: &route{Page: Page{Method: http.MethodGet, Name: "console_events", Who: Signed}, pattern: "/console/events"}}
	if err := c.mayWatch(ctx, v); err != nil {
		status := http.StatusUnauthorized // which a browser does not try again
		if failure := soc.AsError(err); failure.Kind != soc.Internal {
			status = web.Status(failure.Kind, failure.Code)
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	leave, _ := c.streams.Enter(v.by.Credential)
	if leave == nil {
		http.Error(w, "too many streams", http.StatusTooManyRequests)
		return
	}
	defer leave()
	web.Note(ctx, "console", "/console/events", v.by, "")
	viewer := &viewer{workspace: v.by.Workspace, after: resumeAt(req), more: make(chan struct{}, 2)}
	if !c.live.enter(viewer) {
		http.Error(w, "the server is going down", http.StatusServiceUnavailable)
		return
	}
	defer c.live.leave(viewer)
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no")
	c.stream(ctx, v.by, w, viewer)
}

// mayWatch lets in a person who may read the workspace they name.
func (c *Console) mayWatch(ctx context.Context, v *visit) error {
	if err := v.authenticateAs(ctx, true); err != nil {
		return err
	}
	id := v.req.URL.Query().Get("workspace")
	if id == "" {
		return nil
	}
	if !web.IsUUID(id) {
		return soc.NotFoundf("There is no such workspace.")
	}
	by, err := c.identity.Workspace(ctx, v.by, strings.ToLower(id))
	if err != nil {
		return soc.NotFoundf("There is no such workspace.")
	}
	v.by = by
	return by.May("", soc.RoleViewer)
}

// resumeAt is the last position that the page knows.
func resumeAt(req *http.Request) int64 {
	for _, text := range []string{req.Header.Get("Last-Event-ID"), req.URL.Query().Get("after")} {
		if position, err := strconv.ParseInt(text, 10, 64); err == nil && position >= 0 {
			return position
		}
	}
	return 0
}

// stream writes until the viewer goes, the session ends or the server does.
func (c *Console) stream(ctx context.Context, by soc.Actor, w http.ResponseWriter, viewer *viewer) {
	out := http.NewResponseController(w)
	say := func(format string, args ...any) bool {
		if out.SetWriteDeadline(time.Now().Add(liveWrite)) != nil {
			return false
		}
		if _, err := fmt.Fprintf(w, format, args...); err != nil {
			return false
		}
		return out.Flush() == nil
	}
	if !say("retry: 2000\n\n") {
		return
	}
	beat := time.NewTicker(c.beat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.live.done:
			return
		case <-viewer.more:
			if body, seq, news := c.live.next(viewer); news && !say("id: %d\nevent: change\ndata: %s\n\n", seq, body) {
				return
			}
		case <-beat.C:
			if stands, err := c.desk.SessionStands(ctx, by); err != nil || !stands {
				say("event: end\ndata: {}\n\n")
				return
			}
			if !say(": here\n\n") {
				return
			}
		}
	}
}
