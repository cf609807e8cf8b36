package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store/pgtest"
)

// crashVariable makes the test binary write to the database it names, instead
// of testing.
const crashVariable = "VEDETTE_TEST_CRASH"

func TestMain(m *testing.M) {
	if where, workspace, asked := strings.Cut(os.Getenv(crashVariable), "|"); asked {
		crashWriter(where, workspace)
	}
	os.Exit(m.Run())
}

// crashWriter is the process that TestS26NothingAcknowledgedIsLost kills. Each
// write is an incident, a comment, a job and an audit entry; its id is printed
// once Write has returned.
func crashWriter(where, workspace string) {
	s, err := Open(context.Background(), where, Options{})
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	var out sync.Mutex
	for range 8 {
		go func() {
			for {
				id := uuid.NewString()
				err := s.Write(context.Background(), func(tx *Tx) error { return crashWrite(tx, workspace, id) })
				out.Lock()
				if err != nil {
					fmt.Println("failed", err)
				} else {
					fmt.Println("acknowledged", id)
				}
				out.Unlock()
			}
		}()
	}
	select {} // until it is killed
}

func crashWrite(tx *Tx, workspace, id string) error {
	i := newIncident(workspace)
	number, err := tx.NextIncidentNumber(workspace, 1)
	if err != nil {
		return err
	}
	i.ID, i.ShortID, i.ExternalID, i.Number = id, id, id, number
	if _, err := tx.InsertIncident(i); err != nil {
		return err
	}
	if err := tx.InsertComment(soc.Comment{ID: id, Workspace: workspace, Incident: id, Body: "b", CreatedAt: fixtureTime}); err != nil {
		return err
	}
	e := hostAudit("incident_added")
	e.Incident = id
	tx.Audit(e)
	return tx.Enqueue(crashJob{id}, time.Time{})
}

type crashJob struct {
	ID string `json:"id"`
}

func (crashJob) Kind() string { return "crash_test" }

// TestS26NothingAcknowledgedIsLost kills a writing process ten times in the
// middle of its work. Whatever it said was stored is stored, whole; whatever it
// did not say is stored whole or not at all.
func TestS26NothingAcknowledgedIsLost(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { crash(t, filepath.Join(t.TempDir(), "vedette.db")) })
	t.Run("postgres", func(t *testing.T) { crash(t, pgtest.Start(t)) })
}

func crash(t *testing.T, where string) {
	rounds := 10
	if testing.Short() {
		rounds = 2
	}
	s, err := Open(context.Background(), where, Options{})
	if err != nil {
		t.Fatal(err)
	}
	workspace := makeWorkspace(t, s)
	_ = s.Close()
	acknowledged := map[string]bool{}
	for round := range rounds {
		killed(t, where, workspace, 20+13*round, acknowledged)
	}
	if s, err = Open(context.Background(), where, Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	r := s.Read(context.Background())
	tables := map[string]map[string]bool{}
	for name, text := range map[string]string{
		"incident": `SELECT id FROM incident WHERE workspace_id = $1`, "comment": `SELECT id FROM comment WHERE workspace_id = $1`,
		"audit": `SELECT incident_id FROM audit WHERE event = 'incident_added' AND $1 <> ''`, "job": `SELECT args ->> 'id' FROM river_job WHERE kind = 'crash_test' AND $1 <> ''`,
	} {
		found, err := all(r, scanString, text, workspace)
		if err != nil {
			t.Fatal(err)
		}
		tables[name] = map[string]bool{}
		for _, id := range found {
			tables[name][id] = true
		}
		if len(tables[name]) != len(found) {
			t.Errorf("%s: %d rows of %d ids", name, len(found), len(tables[name]))
		}
	}
	for id := range acknowledged {
		if !tables["incident"][id] {
			t.Errorf("%s was acknowledged and is lost", id)
		}
	}
	for name, rows := range tables {
		for id := range tables["incident"] {
			if !rows[id] {
				t.Errorf("%s is half stored: no %s", id, name)
			}
		}
		if len(rows) != len(tables["incident"]) {
			t.Errorf("%d incidents and %d rows of %s", len(tables["incident"]), len(rows), name)
		}
	}
	total, _, err := r.CountIncidents(soc.IncidentFilter{Workspace: workspace}, nil)
	if err != nil || total != len(tables["incident"]) {
		t.Errorf("the kept count is %d (%v), there are %d", total, err, len(tables["incident"]))
	}
	v, err := s.VerifyAudit(context.Background(), 1)
	if err != nil || !v.OK || v.Rows != int64(len(tables["incident"])) {
		t.Errorf("%+v %+v (%v)", v, v.FirstBad, err)
	}
	t.Logf("%d acknowledged, %d stored", len(acknowledged), len(tables["incident"]))
}

// killed lets a process write until it has acknowledged enough, and kills it.
func killed(t *testing.T, where, workspace string, enough int, acknowledged map[string]bool) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	process := exec.Command(program)
	process.Env = append(os.Environ(), crashVariable+"="+where+"|"+workspace)
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	n := 0
	for lines.Scan() {
		word, id, _ := strings.Cut(lines.Text(), " ")
		if word != "acknowledged" {
			t.Errorf("the process said: %s", lines.Text())
			break
		}
		acknowledged[id] = true
		if n++; n == enough {
			_ = process.Process.Kill() // what it said before is still read
		}
	}
	_ = process.Process.Kill()
	_ = process.Wait()
}
