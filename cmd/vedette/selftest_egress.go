package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"vedette/backend/connector/egress"
	"vedette/backend/soc"
	"vedette/backend/store"
)

// egressCommand is the recipe of S50: no URL makes the server reach inward,
// neither when it is saved nor when it is called. It uses a database of its own.
type egressCommand struct {
	Engine string `enum:"sqlite,postgres" default:"sqlite" help:"sqlite, or postgres (a throw-away server is started)."`
}

// egressReport is what --json prints.
type egressReport struct {
	selftestHead
	URLs          int `json:"urls"`
	RefusedAtSave int `json:"refused_at_save"`
	RefusedAtSend int `json:"refused_at_send"`
	// Deliveries are those of a webhook that got past the door: its row was
	// written into the database.
	Deliveries  int    `json:"refused_deliveries"`
	Redirects   int    `json:"redirects_not_followed"`
	Connections int    `json:"inward_connections"`
	Violation   string `json:"violation,omitempty"`
}

// inwardURLs are addresses that a careless server would let through; PORT is
// that of the listener that must see nobody.
var inwardURLs = []string{
	"https://127.0.0.1:PORT/", "https://127.1:PORT/", "https://127.0.1:PORT/", "https://127.255.255.254:PORT/", "https://2130706433:PORT/",
	"https://0x7f000001:PORT/", "https://0x7f.0.0.1:PORT/", "https://0177.0.0.1:PORT/", "https://017700000001:PORT/", "https://127.0.0.1.:PORT/",
	"https://0:PORT/", "https://0.0.0.0:PORT/", "https://[::]:PORT/", "https://[::1]:PORT/", "https://[0:0:0:0:0:0:0:1]:PORT/",
	"https://[::ffff:127.0.0.1]:PORT/", "https://[::ffff:7f00:1]:PORT/", "https://[::127.0.0.1]:PORT/", "https://localhost:PORT/", "https://LOCALHOST.:PORT/",
	"https://a.localhost:PORT/", "https://[::1%25lo]:PORT/", "https://①②⑦.⓪.⓪.①:PORT/", "https://127。0。0。1:PORT/", "https://127%2e0%2e0%2e1:PORT/",
	"https://10.0.0.5/", "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/", "https://169.254.169.254/latest/meta-data/",
	"https://[::ffff:169.254.169.254]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b:1::a9fe:a9fe]/", "https://[2002:7f00:1::]/", "https://[2002:a9fe:a9fe::1]/",
	"https://[fd00:ec2::254]/", "https://[fd12::1]/", "https://[fe80::1]/", "https://[fec0::1]/", "https://[ff02::1]/",
	"https://224.0.0.1/", "https://255.255.255.255/", "https://240.0.0.1/", "https://198.18.0.1/", "https://2852039166/",
	"https://metadata.google.internal/", "https://printer.local/", "http://example.com/", "HTTP://127.0.0.1:PORT/", "http://127.0.0.1:PORT/",
	"file:///etc/passwd", "FILE://127.0.0.1/etc/passwd", "gopher://127.0.0.1:PORT/_x", "ftp://127.0.0.1:PORT/", "javascript:alert(1)",
	"https://user@127.0.0.1:PORT/", "https://example.com@127.0.0.1:PORT/", "https://example.com#@127.0.0.1:PORT/", "https://example.com\\@127.0.0.1:PORT/",
	"https://example.com\r\nHost: 127.0.0.1:PORT/", "https:\\\\127.0.0.1:PORT/", "https://example.com:22/", "https://example.com:PORT/", "//127.0.0.1:PORT/",
}

// canary is a loopback listener that must see nobody.
type canary struct {
	net.Listener
	seen atomic.Int64
}

func startCanary(ctx context.Context) (*canary, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &canary{Listener: l}
	go func() {
		for {
			connection, err := l.Accept()
			if err != nil {
				return
			}
			c.seen.Add(1)
			_ = connection.Close()
		}
	}()
	return c, nil
}

// Run asks a server, and the client that it calls out with, to reach inward.
func (c *egressCommand) Run(ctx context.Context, e *environment) error {
	report := egressReport{selftestHead: headOf(c.Engine), URLs: len(inwardURLs)}
	err := inLab(ctx, e, "egress", c.Engine, func(l *lab) (err error) {
		inside, err := startCanary(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, inside.Close()) }()
		_, port, _ := net.SplitHostPort(inside.Addr().String())
		urls := make([]string, len(inwardURLs))
		for i, u := range inwardURLs {
			urls[i] = strings.ReplaceAll(u, "PORT", port)
		}
		t := &egressTest{lab: l, report: &report, urls: urls, port: port}
		err = t.run(ctx)
		if report.Connections = int(inside.seen.Load()); err == nil && report.Connections > 0 {
			err = violated("%d connections reached the loopback listener", report.Connections)
		}
		return err
	})
	if violation := new(violationError); errors.As(err, violation) {
		report.Violation = violation.Error()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(report.print(e), err)
}

type egressTest struct {
	*lab
	report *egressReport
	urls   []string
	port   string
}

func (t *egressTest) run(ctx context.Context) error {
	if err := t.send(ctx); err != nil {
		return err
	}
	if err := t.demonstrate(ctx); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	webhook, err := t.smuggle(ctx)
	if err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	server, err := startChild(ctx, t.folder, t.where, "--demo")
	if err != nil {
		return err
	}
	defer func() { _ = server.kill() }()
	if err := t.save(ctx, server.base); err != nil {
		return err
	}
	if err := t.deliver(ctx, server.base, webhook); err != nil {
		return err
	}
	return server.stop()
}

// send calls every URL with the client that all outbound calls use, and follows
// a redirect from where it may go to where it may not.
func (t *egressTest) send(ctx context.Context) error {
	inward, err := egress.NewPolicy(nil)
	if err != nil {
		return err
	}
	client := inward.Client(egress.Options{Timeout: 10 * time.Second})
	for _, u := range t.urls {
		if inward.Check(u) == nil {
			return violated("%q may be saved", u)
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, u, http.NoBody)
		if err == nil {
			var response *http.Response
			if response, err = client.Do(request); err == nil {
				return errors.Join(violated("%q was called", u), response.Body.Close())
			}
		}
		t.report.RefusedAtSend++
	}
	for _, to := range []string{"https://127.0.0.1:" + t.port + "/", "http://127.0.0.1:" + t.port + "/", "https://169.254.169.254/latest/meta-data/", "file:///etc/passwd"} {
		if err := t.redirect(ctx, to); err != nil {
			return err
		}
	}
	return nil
}

func (t *egressTest) redirect(ctx context.Context, to string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	outside := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})}
	go func() { _ = outside.Serve(listener) }()
	defer func() { _ = outside.Close() }()
	policy, err := egress.NewPolicy([]string{listener.Addr().String()})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listener.Addr().String()+"/", http.NoBody)
	if err != nil {
		return err
	}
	response, err := policy.Client(egress.Options{Timeout: 10 * time.Second}).Do(request)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusTemporaryRedirect {
		return errors.Join(violated("the redirect to %s was followed", to), err)
	}
	t.report.Redirects++
	return nil
}

// save asks the door to take every URL as a webhook.
func (t *egressTest) save(ctx context.Context, base string) error {
	c := newClient(base, "")
	defer c.close()
	account := t.demo.ServiceAccount
	ask := func(u string) (answer, error) {
		body := map[string]any{
			"name": "inward", "url": u, "eventTypes": []string{string(soc.EventGamebookFinished)}, "workspaceIds": []string{t.demo.Workspaces[0].ID},
		}
		return c.send(ctx, http.MethodPost, "/api/v2/webhooks", body, "Authorization", basic(account.ClientID, account.ClientSecret))
	}
	// What is refused below is refused for its address alone.
	if a, err := ask("https://hooks.example.com/"); err != nil || !a.ok() {
		return errors.Join(a.problem("a webhook that points outward"), err)
	}
	for _, u := range t.urls {
		a, err := ask(u)
		if err != nil {
			return err
		}
		if a.status < 400 || a.status >= 500 || problemCode(a.body) != string(soc.CodeValidationError) {
			return violated("%q as a webhook answered %d: %.200s", u, a.status, a.body)
		}
		t.report.RefusedAtSave++
	}
	return nil
}

// basic is the header of a service account.
func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// smuggle writes a webhook into the database that no door would take.
func (t *egressTest) smuggle(ctx context.Context) (string, error) {
	l, err := t.open(ctx)
	if err != nil {
		return "", err
	}
	defer l.close()
	o, err := l.organization(ctx, "")
	if err != nil {
		return "", err
	}
	now := time.Now().UTC()
	w := soc.Webhook{
		ID: uuid.NewString(), Organization: o.ID, Name: "smuggled", URL: "https://127.0.0.1:" + t.port + "/", Status: soc.WebhookActive,
		EventTypes: soc.PayloadPortal.Events(), Authentication: soc.AuthenticationNone, SignatureFormat: soc.SignatureBase64ISO,
		PayloadFormat: soc.PayloadPortal, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	return w.ID, l.store.Write(ctx, func(tx *store.Tx) error { return tx.InsertWebhook(w) })
}

// deliver causes an event and waits until the attempt to tell it was refused.
func (t *egressTest) deliver(ctx context.Context, base, webhook string) error {
	c := newClient(base, t.demo.Keys.OpsAdmin)
	defer c.close()
	alert, err := redAlert(1)
	if err != nil {
		return err
	}
	a, err := c.send(ctx, http.MethodPost, "/api/ops/v1/ingest/generic", rawJSON(alert))
	if err == nil && !a.ok() {
		err = a.problem("ingest")
	}
	if err != nil {
		return err
	}
	l, err := t.open(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	for until := time.Now().Add(time.Minute); time.Now().Before(until); pause(ctx, 200*time.Millisecond) {
		told, _, err := l.store.Read(ctx).Deliveries(soc.DeliveryFilter{Webhook: webhook, Limit: 10})
		if err != nil {
			return err
		}
		for _, d := range told {
			if d.Delivery.Attempts > 0 {
				if d.Delivery.HTTPStatus != 0 {
					return violated("the smuggled webhook was answered %d", d.Delivery.HTTPStatus)
				}
				t.report.Deliveries++
				return nil
			}
		}
	}
	return violated("the smuggled webhook was never tried: nothing is shown")
}

func (r *egressReport) print(e *environment) error {
	result := "nothing reached inward"
	if r.Violation != "" {
		result = r.Violation
	}
	return e.print(r, [][]string{
		{"engine", r.Engine, "version " + r.Version},
		{"URLs", strconv.Itoa(r.URLs)},
		{"refused at save", strconv.Itoa(r.RefusedAtSave)},
		{"refused at send", strconv.Itoa(r.RefusedAtSend)},
		{"redirects not followed", strconv.Itoa(r.Redirects)},
		{"smuggled deliveries refused", strconv.Itoa(r.Deliveries)},
		{"inward connections", strconv.Itoa(r.Connections)},
		{"result", result},
	})
}
