package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/web"
)

const (
	// viewers hold an event stream each; viewerTarget bounds what they cost the
	// server, in processor seconds a second.
	viewers      = 100
	viewerTarget = 1.0
	// viewedEvery is how often something happens while they look.
	viewedEvery = 500 * time.Millisecond
)

// consolePages are asked at every size; {incident} is the newest.
var consolePages = []struct{ name, path string }{
	{"overview", "/overview"},
	{"incidents", "/incidents"},
	{"incidents, high, by severity", "/incidents?status=any&severity=high&sort=-severity"},
	{"incidents by words", "/incidents?status=any&q=powershell"},
	{"an incident", "/incidents/{incident}"},
	{"its evidence", "/incidents/{incident}/evidence"},
	{"held verdicts", "/held"},
	{"approvals", "/approvals"},
	{"entities", "/entities?value=ws0042"},
	{"runs", "/runs"},
	{"changes", "/changes"},
	{"audit", "/audit"},
	{"people", "/people"},
}

// consoleDoor is a server on a filled database, and who looks at it.
type consoleDoor struct {
	server   *child
	client   *client
	at       *seeded
	incident string
}

// measureConsole times the pages at each size over HTTP, and what a hundred
// viewers cost at the largest.
func (b *bench) measureConsole(ctx context.Context) (err error) {
	var doors []*consoleDoor
	defer func() {
		for _, d := range doors {
			d.client.close()
			err = errors.Join(err, d.server.stop())
		}
	}()
	for _, size := range b.command.Sizes {
		d, err := b.openConsole(ctx, size)
		if err != nil {
			return err
		}
		doors = append(doors, d)
	}
	for _, page := range consolePages {
		var reads []read
		for _, d := range doors {
			cookie, err := d.session(ctx)
			if err != nil {
				return err
			}
			reads = append(reads, d.read(cookie, page.path))
		}
		times, err := timed(ctx, reads)
		if err != nil {
			return err
		}
		last := len(times) - 1
		f := figure{Name: fmt.Sprintf("%s, at %d", page.name, b.command.Sizes[last]), Unit: "s", Value: times[last]}
		if last > 0 {
			f = f.besides(fmt.Sprintf("at %d", b.command.Sizes[0]), times[0]).atMost(growthTarget)
		}
		b.add("console", f)
	}
	return b.measureViewers(ctx, doors[len(doors)-1])
}

func (b *bench) openConsole(ctx context.Context, size int) (*consoleDoor, error) {
	at, err := b.database(ctx, size)
	if err != nil {
		return nil, err
	}
	by := soc.Actor{Kind: soc.PrincipalPerson, ID: "bench", Session: true, Workspace: benchWorkspace, Role: soc.RoleAdmin}
	newest, err := backend.New(backend.Config{Store: at.store}).ListIncidents(ctx, by, soc.IncidentFilter{Limit: 1})
	if err != nil || len(newest.Incidents) == 0 {
		return nil, errors.Join(err, errors.New("the database has no incident"))
	}
	folder, err := os.MkdirTemp(b.folder, "console-")
	if err != nil {
		return nil, err
	}
	server, err := startChild(ctx, folder, at.where)
	if err != nil {
		return nil, err
	}
	return &consoleDoor{server: server, client: newClient(server.base, ""), at: at, incident: newest.Incidents[0].ShortID}, nil
}

// session signs in an admin of the workspace of their own: pages are limited by
// session.
func (d *consoleDoor) session(ctx context.Context) (cookie string, err error) {
	token, err := soc.NewSessionToken(rand.Reader)
	if err != nil {
		return "", err
	}
	now := time.Now()
	person := soc.Person{ID: uuid.NewString(), Organization: "bench", Name: "viewer", Grants: map[string]soc.Role{benchWorkspace: soc.RoleAdmin}, CreatedAt: now}
	person.Email = person.ID + "@example.org"
	err = d.at.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.InsertPerson(person); err != nil {
			return err
		}
		return tx.InsertSession(soc.Session{
			ID: uuid.NewString(), Person: person.ID, TokenHash: soc.HashSecret(token), AuthenticatedAt: now, CreatedAt: now, LastSeenAt: now,
			ExpiresAt: now.Add(12 * time.Hour),
		})
	})
	return web.CookieLoopback + "=" + token, err
}

func (d *consoleDoor) read(cookie, path string) read {
	path = "/console/w/" + benchWorkspace + strings.ReplaceAll(path, "{incident}", d.incident)
	return func(ctx context.Context) (int, error) {
		answer, err := d.client.send(ctx, http.MethodGet, path, nil, "Cookie", cookie)
		if err == nil && answer.status != http.StatusOK {
			err = answer.problem(path)
		}
		return 0, err
	}
}

// measureViewers holds streams open while things happen, and reports what the
// server's process took, and how much reached the viewers.
func (b *bench) measureViewers(ctx context.Context, d *consoleDoor) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var told atomic.Int64
	failed := make(chan error, viewers)
	for range viewers {
		cookie, err := d.session(ctx)
		if err != nil {
			return err
		}
		go func() { failed <- d.watch(watching, cookie, &told) }()
	}
	select {
	case <-time.After(2 * time.Second): // all of them are in
	case err := <-failed:
		return err
	}
	before, err := d.server.processorSeconds()
	if err != nil {
		return err
	}
	began, happened := time.Now(), 0
	for ; time.Since(began) < b.command.Duration; happened++ {
		if err := d.happen(ctx); err != nil {
			return err
		}
		select {
		case <-time.After(viewedEvery):
		case err := <-failed:
			return fmt.Errorf("a stream ended: %w", err)
		}
	}
	after, err := d.server.processorSeconds()
	if err != nil {
		return err
	}
	if told.Load() == 0 {
		return fmt.Errorf("none of %d viewers was told of %d changes", viewers, happened)
	}
	b.add("console",
		figure{Name: fmt.Sprintf("%d viewers, two changes a second", viewers), Unit: "cores", Value: (after - before) / time.Since(began).Seconds()}.atMost(viewerTarget),
		figure{Name: "changes that reached each viewer", Unit: "", Value: float64(told.Load()) / viewers})
	return nil
}

// happen leaves one change that viewers of the workspace are told of.
func (d *consoleDoor) happen(ctx context.Context) error {
	return d.at.store.Write(ctx, func(tx *store.Tx) error {
		tx.Audit(soc.AuditEntry{
			At: time.Now(), Event: "incident_commented", ActorKind: soc.PrincipalHost, Actor: "bench", Decision: "allowed",
			Workspace: benchWorkspace,
		})
		return nil
	})
}

// watch counts the changes that a stream tells until it ends.
func (d *consoleDoor) watch(ctx context.Context, cookie string, told *atomic.Int64) error {
	position, _, err := d.at.store.Read(ctx).AuditHead()
	if err != nil {
		return err
	}
	url := d.server.base + "/console/events?workspace=" + benchWorkspace + "&after=" + strconv.FormatInt(position, 10)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Cookie", cookie)
	response, err := (&http.Client{}).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream answered %d", response.StatusCode)
	}
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event: change") {
			told.Add(1)
		}
	}
	return errors.Join(errors.New("the stream ended"), lines.Err())
}

// processorSeconds is what the process has used so far.
func (c *child) processorSeconds() (float64, error) {
	said, err := exec.Command("ps", "-o", "cputimes=", "-p", strconv.Itoa(c.process.Process.Pid)).Output()
	if err != nil {
		return 0, fmt.Errorf("ps: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(string(said)), 64)
}
