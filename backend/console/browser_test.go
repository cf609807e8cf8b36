package console_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"vedette/backend/store/pgtest"
	"vedette/backend/web/webtest"
)

// chromium is the one browser of this package's tests, nil where there is none.
var chromium struct {
	once   sync.Once
	ctx    context.Context
	absent string
	server *httptest.Server
	// door is the house that answers now.
	mu   sync.Mutex
	door http.Handler
}

// startChromium starts the browser, and the one server that it knows the house
// by: over TLS, so that cookies are as they are in the product.
func startChromium() {
	var binary string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			binary = path
			break
		}
	}
	if binary == "" {
		chromium.absent = "no chromium is installed (Debian: apt-get install chromium)"
		return
	}
	chromium.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		chromium.mu.Lock()
		door := chromium.door
		chromium.mu.Unlock()
		door.ServeHTTP(w, req)
	}))
	host := strings.TrimPrefix(webtest.PublicURL, "https://")
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(binary), chromedp.NoSandbox, // as root there is none
		chromedp.Flag("ignore-certificate-errors", true), chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("host-resolver-rules", "MAP "+host+":443 "+chromium.server.Listener.Addr().String()+", MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
	allocator, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		chromium.absent = fmt.Sprintf("chromium does not start: %v", err)
		return
	}
	chromium.ctx = ctx
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.ctx != nil {
		_ = chromedp.Cancel(chromium.ctx)
	}
	os.Exit(code)
}

// tab is one page of the browser, with what went wrong in it.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	faults []string
}

// browse opens a tab on a house. Without a browser the test is skipped, except
// in CI, where that is a broken build.
func browse(t *testing.T, h *house) *tab {
	t.Helper()
	chromium.once.Do(startChromium)
	if chromium.absent != "" {
		pgtest.Lacking(t, errors.New(chromium.absent))
	}
	chromium.mu.Lock()
	chromium.door = h.handler
	chromium.mu.Unlock()
	ctx, cancel := chromedp.NewContext(chromium.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	call(b, cdplog.Enable, cdp.Empty{})
	call(b, network.Enable, network.EnableParams{})
	call(b, runtime.Enable, cdp.Empty{})
	call(b, page.Enable, page.EnableParams{})
	return b
}

// listen notes what no page of ours may cause: an error, a breach of the
// policy, a dialog, a request to somebody else.
func (b *tab) listen(event any) {
	note := func(format string, args ...any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.faults = append(b.faults, fmt.Sprintf(format, args...))
	}
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		note("exception: %s", e.ExceptionDetails.Text)
	case *cdplog.EventEntryAdded:
		if e.Entry.Source == "security" || e.Entry.Level == "error" && e.Entry.Source != "network" {
			note("%s: %s", e.Entry.Source, e.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" {
			note("console.error: %v", e.Args)
		}
	case *page.EventJavascriptDialogOpening:
		note("dialog: %s", e.Message)
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err != nil || u.Scheme != "data" && u.Scheme+"://"+u.Host != webtest.PublicURL {
			note("request to %s", e.Request.URL)
		}
	}
}

// clean fails for what was noted, and forgets it.
func (b *tab) clean(where string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fault := range b.faults {
		b.t.Errorf("%s: %s", where, fault)
	}
	b.faults = nil
}

func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.shoot("failed", false)
		b.t.Fatal(err)
	}
}

// call runs one command of the protocol.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	result, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

// as gives the tab a session; cookie is the header of webtest.
func (b *tab) as(cookie string) {
	b.t.Helper()
	name, value, _ := strings.Cut(strings.TrimPrefix(cookie, "Cookie: "), "=")
	yes := true
	call(b, network.SetCookie, network.SetCookieParams{
		Name: name, Value: value, URL: webtest.PublicURL + "/", Path: "/", Secure: &yes, HTTPOnly: &yes, SameSite: network.CookieSameSiteStrict,
	})
}

// open goes to a page and waits for its script.
func (b *tab) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(webtest.PublicURL+path), chromedp.WaitReady(chromedp.CSS("main")))
}

// look sets the window and the colour scheme.
func (b *tab) look(width, height int64, scheme string) {
	b.t.Helper()
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 500})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

// shots is where pictures of the pages go, for people to look at; empty for
// nowhere.
var shots = os.Getenv("VEDETTE_SHOTS")

// shoot keeps a picture of what the window shows, or of the whole page.
func (b *tab) shoot(name string, whole bool) {
	b.t.Helper()
	if shots == "" {
		return
	}
	action := chromedp.CaptureScreenshot()
	if whole {
		action = chromedp.FullScreenshot(100)
	}
	picture, err := chromedp.Run(b.ctx, action)
	if err == nil {
		err = os.WriteFile(filepath.Join(shots, name+".png"), picture, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// eval reads a value out of the page; a promise is waited for.
func eval[T any](b *tab, script string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	return value
}

// patience is how long a page may take to show what it should.
const patience = 20 * time.Second

// eventually waits until a script of the page answers true, also over a step to
// another page.
func (b *tab) eventually(script string) {
	b.t.Helper()
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(30 * time.Millisecond) {
		var holds bool
		if holds, err = chromedp.Run(b.ctx, chromedp.Evaluate[bool](script)); err == nil && holds {
			return
		}
	}
	b.t.Fatalf("%s never came true: %v", script, err)
}
