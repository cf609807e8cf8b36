package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"vedette/backend"
	"vedette/backend/soc"
	"vedette/backend/store"
	"vedette/backend/store/bare"
)

// ingestTarget bounds the rows a second over those of the bare engine.
const ingestTarget = 0.5

// measureIngest loads a server over HTTP with many clients, in requests of one
// alert and of a hundred, and lets the bare engine store the same rows in
// groups of as many requests.
func (b *bench) measureIngest(ctx context.Context) error {
	for _, per := range []int{1, 100} {
		if err := b.ingest(ctx, genericIntake, per); err != nil {
			return fmt.Errorf("%d alerts a request: %w", per, err)
		}
	}
	return nil
}

// intake is one door that takes in alerts.
type intake struct {
	section string
	path    string
	// target bounds the rows a second over those of the bare engine.
	target float64
	body   func(to *bytes.Buffer, first int64, n int)
	// taken reports whether an answer says that n new alerts were stored.
	taken func(status int, answer []byte, n int) bool
}

// genericIntake is the door of the operations family.
var genericIntake = intake{
	section: "ingest", path: "/api/ops/v1/ingest/generic", target: ingestTarget,
	body: func(to *bytes.Buffer, first int64, n int) {
		to.WriteByte('[')
		for k := range n {
			if k > 0 {
				to.WriteByte(',')
			}
			writeBenchAlert(to, first+int64(k))
		}
		to.WriteByte(']')
	},
	taken: func(status int, answer []byte, n int) bool {
		return status == http.StatusOK && bytes.Contains(answer, fmt.Appendf(nil, `"created":%d`, n))
	},
}

func (b *bench) ingest(ctx context.Context, door intake, per int) error {
	first, err := b.freshDatabase(ctx, fmt.Sprintf("%s-%d.db", door.section, per))
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp(b.folder, "ingest-")
	if err != nil {
		return err
	}
	keys, err := ingestKeys(ctx, first, b.command.Clients)
	if err != nil {
		return err
	}
	server, err := startChild(ctx, folder, first)
	if err != nil {
		return err
	}
	defer func() { _ = server.kill() }()
	raw, err := bare.Open(ctx, first)
	if err != nil {
		return err
	}
	defer func() { _ = raw.Close() }()
	load := &ingestLoad{base: server.base, door: door, keys: keys, per: per}
	if err := load.run(ctx, min(time.Second, b.command.Duration)); err != nil { // statements are prepared, files have grown
		return err
	}
	before, err := raw.Counts(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	sent := load.sent.Load()
	if err := load.run(ctx, b.command.Duration); err != nil {
		return err
	}
	took := time.Since(began)
	if err := raw.Begin(ctx); err != nil { // one moment, while the worker goes on
		return err
	}
	after, err := raw.Counts(ctx)
	if err != nil {
		return err
	}
	rows, err := raw.Read(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(raw.End(ctx), server.stop()); err != nil {
		return err
	}
	written := bare.Total(after) - bare.Total(before)
	baseline, err := b.bareIngest(ctx, raw, rows, fmt.Sprintf("bare-%s-%d.db", door.section, per), b.command.Clients*per)
	if err != nil {
		return err
	}
	rate := float64(written) / took.Seconds()
	b.add(door.section, figure{
		Name: fmt.Sprintf("%d clients, %d alerts a request", b.command.Clients, per), Unit: "rows/s", Value: rate,
		Note: fmt.Sprintf("%.0f alerts/s, %.1f rows an alert", float64(load.sent.Load()-sent)/took.Seconds(), float64(written)/float64(load.sent.Load()-sent)),
	}.besides("bare engine", baseline).atLeast(door.target))
	return nil
}

// bareIngest is how many rows a second one connection stores with nothing of
// ours around it.
func (b *bench) bareIngest(ctx context.Context, from *bare.Engine, rows *bare.Rows, name string, group int) (float64, error) {
	where, err := b.freshDatabase(ctx, name)
	if err != nil {
		return 0, err
	}
	s, err := store.Open(ctx, where, store.Options{}) // for its tables
	if err != nil {
		return 0, err
	}
	if err := s.Close(); err != nil {
		return 0, err
	}
	to, err := bare.Open(ctx, where)
	if err != nil {
		return 0, err
	}
	defer func() { _ = to.Close() }()
	if err := to.Prepare(ctx, from); err != nil {
		return 0, err
	}
	took, err := to.Write(ctx, rows, group)
	return float64(rows.Len()) / took.Seconds(), err
}

// freshDatabase names a database that does not exist or is empty.
func (b *bench) freshDatabase(ctx context.Context, name string) (string, error) {
	if b.cluster != nil {
		return b.cluster.CreateDatabase(ctx)
	}
	return filepath.Join(b.folder, name), nil
}

// ingestKeys makes a workspace with a key for each client, since rates are
// limited per credential.
func ingestKeys(ctx context.Context, where string, n int) (keys []string, err error) {
	s, err := store.Open(ctx, where, store.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	desk, host := backend.New(backend.Config{Store: s, Mappers: mappers()}), hostActor("bench")
	organization, err := desk.CreateOrganization(ctx, host, "Benchmark")
	if err != nil {
		return nil, err
	}
	workspace, err := desk.CreateWorkspace(ctx, host, organization.ID, "Benchmark")
	if err != nil {
		return nil, err
	}
	for k := range n {
		issued, err := desk.CreateKey(ctx, host, soc.NewCredential{
			Organization: organization.ID, Kind: soc.PrincipalService, Name: fmt.Sprintf("client %d", k), Workspaces: []string{workspace.ID},
			Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeAlertsWrite},
		})
		if err != nil {
			return nil, err
		}
		keys = append(keys, issued.Secret)
	}
	return keys, nil
}

// ingestLoad sends alerts that nobody sent before.
type ingestLoad struct {
	base string
	door intake
	keys []string // one client each
	per  int
	sent atomic.Int64
	next atomic.Int64
}

// run sends for a while and returns when every client has its last answer.
func (l *ingestLoad) run(ctx context.Context, duration time.Duration) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: len(l.keys)}}
	defer client.CloseIdleConnections()
	until := time.Now().Add(duration)
	var running sync.WaitGroup
	for _, key := range l.keys {
		running.Go(func() {
			for time.Now().Before(until) && ctx.Err() == nil {
				if err := l.send(ctx, client, key); err != nil {
					cancel(err)
					return
				}
				l.sent.Add(int64(l.per))
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}

func (l *ingestLoad) send(ctx context.Context, client *http.Client, key string) error {
	body := &bytes.Buffer{}
	l.door.body(body, l.next.Add(int64(l.per))-int64(l.per)+1, l.per)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.base+l.door.path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if !l.door.taken(response.StatusCode, answer, l.per) {
		return fmt.Errorf("%s answered %d: %.300s", l.door.path, response.StatusCode, answer)
	}
	return nil
}

// writeBenchAlert is one alert of the size of a usual one: three entities, two
// rows of evidence.
func writeBenchAlert(to *bytes.Buffer, n int64) {
	host := n % 5000
	fmt.Fprintf(to, `{"external_id":"bench-%d","source":"edge_sensor","title":"Suspicious PowerShell on WS-%04d","severity":"high",
"description":"A document started PowerShell with an encoded command.","detector":"EDGE-%04d","category":"Execution","product":"Edge Sensor",
"vendor":"Example","type":"execution","created_at":"2026-06-02T09:14:05Z","started_at":"2026-06-02T09:14:00Z","tactics":["Execution"],"techniques":["T1059.001"],
"entities":[{"ref":"host","kind":"host","value":"WS-%04d","provenance":"sensor_asserted","properties":{"fqdn":"ws-%04d.corp.example","device_id":"d-%d"}},
{"ref":"user","kind":"account","value":"CORP\\user%d","provenance":"sensor_asserted","properties":{"upn":"user%d@corp.example"}},
{"ref":"sha","kind":"file_hash","value":"%064x","provenance":"sensor_asserted"}],
"evidence":[{"type":"process","at":"2026-06-02T09:14:00Z","refs":["host","user","sha"],"fields":[{"name":"process_id","value":"%d"},{"name":"command_line","value":"powershell.exe -EncodedCommand VwByAGkAdABlAA=="}]},
{"type":"network","refs":["host"],"fields":{"destination_ip":"203.0.113.4","destination_port":443,"allowed":true}}]}`,
		n, host, n%300, host, host, host, n%900, n%900, n, n%30000)
}
