package tools

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"vedette/backend/soc"
)

// pipe is a stdio client.
type pipe struct {
	t     *testing.T
	in    *io.PipeWriter
	lines chan map[string]json.RawMessage
	done  chan error
}

func (d *door) openStdio(c Credentials) *pipe {
	d.t.Helper()
	inRead, inWrite := io.Pipe()
	outRead, outWrite := io.Pipe()
	p := &pipe{t: d.t, in: inWrite, lines: make(chan map[string]json.RawMessage, 100), done: make(chan error, 1)}
	go func() {
		err := d.server.ServeStdio(d.t.Context(), c, inRead, outWrite)
		_, _ = outWrite.Close(), inRead.Close()
		p.done <- err
	}()
	go func() {
		defer close(p.lines)
		scanner := bufio.NewScanner(outRead)
		scanner.Buffer(nil, 4<<20)
		for scanner.Scan() {
			var line map[string]json.RawMessage
			if err := json.Unmarshal(scanner.Bytes(), &line); err != nil || string(line["jsonrpc"]) != `"2.0"` {
				d.t.Errorf("stdout holds what is no JSON-RPC: %s", scanner.Bytes())
				continue
			}
			p.lines <- line
		}
	}()
	d.t.Cleanup(func() { _ = inWrite.Close(); _, _ = io.Copy(io.Discard, outRead) })
	return p
}

func (p *pipe) send(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pipe) next() map[string]json.RawMessage {
	p.t.Helper()
	select {
	case line, more := <-p.lines:
		if !more {
			p.t.Fatal("the server has ended")
		}
		return line
	case <-time.After(20 * time.Second):
		p.t.Fatal("no answer")
	}
	return nil
}

func toolLine(id int, tool string, arguments any) string {
	raw, _ := encode(map[string]any{"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": map[string]any{"name": tool, "arguments": arguments}})
	return string(raw)
}

func TestM3StdioIsTheSameServer(t *testing.T) {
	d := openDoor(t)
	p := d.openStdio(Credentials{Key: agentKey})
	p.send(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	if line := p.next(); !strings.Contains(string(line["result"]), "Vedette serves") {
		t.Errorf("%v", line)
	}
	p.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	p.send(`{"jsonrpc":"2.0","id":2,"method":"tools/list"}`)
	overHTTP := d.rpc(wireLegacy, agentKey, "tools/list", nil)
	if line := p.next(); sameJSON(t, line["result"], overHTTP.Result) != "" {
		t.Errorf("the list differs from that over HTTP: %s", line["result"])
	}
	for tool, arguments := range sampleCalls() {
		p.send(toolLine(3, tool, arguments))
		line := p.next()
		if line["result"] == nil {
			t.Errorf("%s: %s", tool, line["error"])
		}
	}
	for _, bad := range []string{"not json", `{"a":1,"a":2}`, `[]`, `{"jsonrpc":"2.0","id":9,"method":"no/such"}`, strings.Repeat("x", maxBody+10)} {
		p.send(bad)
		if line := p.next(); line["error"] == nil {
			t.Errorf("%.40s: %v", bad, line)
		}
	}
	// The modern revision is served on the same connection.
	p.send(`{"jsonrpc":"2.0","id":4,"method":"server/discover","params":{"_meta":{"` + metaVersion + `":"2026-07-28","` + metaCapabilities + `":{}}}}`)
	if line := p.next(); !strings.Contains(string(line["result"]), "2026-07-28") {
		t.Errorf("%v", line)
	}
	_ = p.in.Close()
	if err := <-p.done; err != nil {
		t.Error(err)
	}
}

func sameJSON(t *testing.T, a, b json.RawMessage) string {
	t.Helper()
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return "not JSON"
	}
	if fmt.Sprint(x) != fmt.Sprint(y) {
		return "different"
	}
	return ""
}

func TestM3AMissingOrRevokedKeyEndsAtOnce(t *testing.T) {
	d := openDoor(t)
	for _, key := range []string{"", "vdt_nobody", "vdt_person", "vdt_expired"} {
		if err := d.server.ServeStdio(t.Context(), Credentials{Key: key}, strings.NewReader(""), io.Discard); err == nil {
			t.Errorf("%q was served", key)
		}
	}
	p := d.openStdio(Credentials{Key: agentKey})
	p.send(`{"jsonrpc":"2.0","id":1,"method":"ping"}`)
	p.next()
	d.auth.revoke(agentKey)
	p.send(toolLine(2, "list_incidents", map[string]any{}))
	if line := p.next(); !strings.Contains(string(line["error"]), "UNAUTHORIZED") {
		t.Errorf("a revoked key is served on: %v", line)
	}
}

func TestM15OnStdioAToolWithoutScopeIsUnknown(t *testing.T) {
	d := openDoor(t)
	p := d.openStdio(Credentials{Key: "vdt_reader"})
	p.send(toolLine(1, "add_comment", map[string]any{"incident_id": incidentA, "body": "x"}))
	if line := p.next(); !strings.Contains(string(line["error"]), "-32602") {
		t.Errorf("%v", line)
	}
}

func TestM3WaitingPollsStarveNobody(t *testing.T) {
	d := openDoor(t)
	id := d.gamebook()
	release := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Add(stdioWaiting)
	d.desk.before = func(_ context.Context, operation string) {
		if operation == "GetStatus" {
			waiting.Done()
			<-release
		}
	}
	p := d.openStdio(Credentials{Key: agentKey})
	for i := range stdioWaiting {
		p.send(toolLine(i+1, "get_status", map[string]any{"ids": []string{id}, "wait_seconds": 20}))
	}
	waiting.Wait()
	d.desk.mu.Lock()
	d.desk.before = nil
	d.desk.mu.Unlock()
	p.send(toolLine(100, "list_incidents", map[string]any{}))
	if line := p.next(); string(line["id"]) != "100" {
		t.Errorf("a poll came first: %v", line["id"])
	}
	// A ninth poll does not wait.
	p.send(toolLine(101, "get_status", map[string]any{"ids": []string{id}, "wait_seconds": 20}))
	if line := p.next(); string(line["id"]) != "101" || !strings.Contains(string(line["result"]), "Answered at once") {
		t.Errorf("%s", line["result"])
	}
	close(release)
	for range stdioWaiting {
		p.next()
	}
}

func TestM3EndsAfterEndOfInput(t *testing.T) {
	d := openDoor(t)
	stuck := make(chan struct{})
	defer close(stuck)
	d.desk.before = func(ctx context.Context, _ string) {
		select {
		case <-ctx.Done():
		case <-stuck:
		}
	}
	p := d.openStdio(Credentials{Key: agentKey})
	p.send(toolLine(1, "list_incidents", map[string]any{}))
	_ = p.in.Close()
	select {
	case err := <-p.done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(15 * time.Second): // 2 s by contract; generous on a loaded machine
		t.Error("the server did not end")
	}
}

func TestM3AnswersUnderWayAreDelivered(t *testing.T) {
	d := openDoor(t)
	var out strings.Builder
	in := toolLine(1, "list_incidents", map[string]any{}) + "\n" + `{"jsonrpc":"2.0","id":2,"method":"ping"}` + "\n"
	if err := d.server.ServeStdio(t.Context(), Credentials{Key: agentKey}, strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "\n"); got != 2 {
		t.Errorf("%d answers: %s", got, out.String())
	}
}

func TestM17NobodyToServeIsNoServer(t *testing.T) {
	base := Config{Desk: newFixtureDesk(), Sealer: testSealer(t, time.Now), PublicURL: "http://127.0.0.1:8080"}
	if _, err := New(base); err == nil {
		t.Error("a server without keys, issuer or --no-auth")
	}
	for _, url := range []string{"", "127.0.0.1:8080", "http://127.0.0.1:8080/"} {
		c := base
		c.PublicURL, c.NoAuth = url, &soc.Actor{Kind: soc.PrincipalAgent}
		if _, err := New(c); err == nil {
			t.Errorf("public URL %q", url)
		}
	}
}
