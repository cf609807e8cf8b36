package console_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/store/storetest"
	"vedette/backend/web/webtest"
)

// watcher is an open stream.
type watcher struct {
	t     *testing.T
	lines chan string
}

// watch opens the stream of a workspace over real HTTP. It gives up with the test.
func watch(t *testing.T, server *httptest.Server, cookie, workspace string, headers ...string) (*watcher, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", server.URL+"/console/events?workspace="+workspace, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "vedette.example"
	for _, header := range append(headers, cookie) {
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Set(name, value)
	}
	answer, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	w := &watcher{t, make(chan string, 100)}
	go func() {
		defer close(w.lines)
		for scanner := bufio.NewScanner(answer.Body); scanner.Scan(); {
			w.lines <- scanner.Text()
		}
	}()
	return w, answer.StatusCode
}

// until reads up to a line that contains text; "" is the end of the stream.
func (w *watcher) until(text string) string {
	w.t.Helper()
	for line := range w.lines {
		if text != "" && strings.Contains(line, text) {
			return line
		}
	}
	if text != "" {
		w.t.Fatalf("the stream ended before it said %q", text)
	}
	return ""
}

// position is where the record ends.
func (h *house) position() string {
	return strconv.Itoa(h.Count().Audit)
}

// engage leaves one entry of the record in a workspace.
func (h *house) engage(workspace, reason string) {
	h.t.Helper()
	by := h.Host
	by.Workspace = workspace
	if _, err := h.Desk.EngageKillSwitch(h.t.Context(), by, soc.KillOrder{Scope: soc.KillWorkspace, ID: workspace, Reason: reason, Via: "cli"}); err != nil {
		h.t.Fatal(err)
	}
}

const oneAlert = `{"title":"Malware on a host","severity":"high","id":"A-1"}`

func TestEventsOfOneWorkspaceReachThoseWhoMayReadIt(t *testing.T) {
	h := openHouse(t, generics)
	server := httptest.NewServer(h.handler)
	defer server.Close()
	defer h.console.Drain()
	first, second := h.Cookie(h.First, soc.RoleViewer), h.Cookie(h.Second, soc.RoleViewer)
	if _, status := watch(t, server, "X: none", h.First); status != http.StatusUnauthorized {
		t.Errorf("nobody: %d", status)
	}
	if _, status := watch(t, server, second, h.First); status != http.StatusNotFound {
		t.Errorf("a foreign workspace: %d", status)
	}
	from := h.position()
	here, status := watch(t, server, first, h.First, "Last-Event-ID: "+from)
	there, _ := watch(t, server, second, h.Second, "Last-Event-ID: "+from)
	if status != http.StatusOK {
		t.Fatalf("%d", status)
	}
	h.Ingest(h.First, "generic", []byte(oneAlert))
	news := here.until(`"topics"`)
	if strings.Contains(news, `"all"`) {
		t.Errorf("%s", news)
	}
	h.engage(h.Second, "drill") // what the other one is told first is this, and not the alert
	if other := there.until(`"topics"`); !strings.Contains(other, `"kill"`) || strings.Contains(other, "incident") {
		t.Errorf("the other workspace was told %s", other)
	}
	t.Run("a stream that broke goes on where it was", func(t *testing.T) {
		again, _ := watch(t, server, first, h.First, "Last-Event-ID: "+from)
		if line := again.until(`"topics"`); !strings.Contains(line, "kill") {
			t.Errorf("%s", line)
		}
	})
	t.Run("a stream ends with the session, and keeps none alive", func(t *testing.T) {
		h.Advance(soc.SessionIdle + time.Second)
		here.until("event: end")
		here.until("")
	})
	t.Run("streams end when the server goes down", func(t *testing.T) {
		left, _ := watch(t, server, h.Cookie(h.First, soc.RoleViewer), h.First)
		left.until("retry")
		h.console.Drain()
		left.until("")
	})
}

// TestEventsCrossReplicas: what one server did shows on a page of another.
func TestEventsCrossReplicas(t *testing.T) {
	url := storetest.Postgres(t)
	h := openOn(t, url)
	other, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	replica := &house{t: t, House: h.House}
	desk := backend.New(backend.Config{Store: other, Now: h.Now, PublicURL: webtest.PublicURL})
	replica.open(desk, webtest.IdentityOf(desk))
	server := httptest.NewServer(replica.handler)
	defer server.Close()
	defer replica.console.Drain()
	viewer, _ := watch(t, server, h.Cookie(h.First, soc.RoleViewer), h.First, "Last-Event-ID: "+h.position())
	viewer.until("retry")
	h.engage(h.First, "drill")
	viewer.until(`"kill"`)
}
