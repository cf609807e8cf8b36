package tools

import (
	"sync"
	"testing"

	"vedette/backend/soc"
)

func TestM28HundredEqualSubmitsAreOne(t *testing.T) {
	d := openDoor(t)
	var ids sync.Map
	var calls sync.WaitGroup
	for i := range 100 {
		calls.Go(func() {
			r := d.call(wires[i%2], agentKey, "submit_gamebook", sampleCalls()["submit_gamebook"])
			ids.Store(r.Structured["gamebook_id"], true)
		})
	}
	calls.Wait()
	distinct := 0
	ids.Range(func(id, _ any) bool {
		if id == nil {
			t.Error("a call was refused")
		}
		distinct++
		return true
	})
	if distinct != 1 || d.desk.submits != 1 {
		t.Errorf("%d ids, %d gamebooks", distinct, d.desk.submits)
	}
}

func TestM28KeysAreCanonicalArgumentsOfOnePrincipal(t *testing.T) {
	d := openDoor(t)
	submit := func(key, arguments string) map[string]any {
		t.Helper()
		r := decodeTool(t, d.post(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add_comment","arguments":`+arguments+`}}`, "Authorization", "Bearer "+key))
		if r.IsError {
			t.Fatal(r.Text)
		}
		return r.Structured
	}
	other := d.auth.keys[agentKey]
	other.ID = "agent-9"
	d.auth.keys["vdt_nine"] = other
	first := submit(agentKey, `{"incident_id":"`+incidentA+`","body":"n"}`)
	again := submit(agentKey, ` { "body" : "\u006e", "incident_id":"`+incidentA+`"}`)
	if again["replayed"] != true || again["comment_id"] != first["comment_id"] {
		t.Errorf("the same arguments in other spelling: %v", again)
	}
	if different := submit(agentKey, `{"incident_id":"`+incidentA+`","body":"m"}`); different["replayed"] != nil {
		t.Errorf("other arguments: %v", different)
	}
	if someone := submit("vdt_nine", `{"incident_id":"`+incidentA+`","body":"n"}`); someone["replayed"] != nil {
		t.Errorf("another principal: %v", someone)
	}
}

func TestM28AKeyIsFreedWhenItsGamebookFailed(t *testing.T) {
	d := openDoor(t)
	arguments := sampleCalls()["submit_gamebook"]
	first := d.must(wireLegacy, "submit_gamebook", arguments).Structured["gamebook_id"].(string)
	for _, row := range []struct {
		status soc.GamebookStatus
		freed  bool
	}{
		{soc.GamebookRunning, false},
		{soc.GamebookRejected, false},
		{soc.GamebookCompleted, false},
		{soc.GamebookCancelled, false},
		{soc.GamebookFailed, true},
		{soc.GamebookExpired, true},
		{soc.GamebookRolledBack, true},
	} {
		d.desk.gamebooks[first].Status = row.status
		r := d.must(wireLegacy, "submit_gamebook", arguments)
		if again := r.Structured["gamebook_id"].(string); (again != first) != row.freed {
			t.Errorf("%s: %s, then %s", row.status, first, again)
		} else {
			first = again
		}
	}
}

func TestM28DryRunStoresNothing(t *testing.T) {
	d := openDoor(t)
	arguments := sampleCalls()["submit_gamebook"]
	arguments["dry_run"] = true
	d.must(wireLegacy, "submit_gamebook", arguments)
	if len(d.desk.answers) != 0 {
		t.Error("a dry run took a key")
	}
}

func TestM28OnlyIdempotentWritesClaim(t *testing.T) {
	for _, tool := range allTools() {
		want := tool.Name == "submit_gamebook" || tool.Name == "submit_investigation" || tool.Name == "add_comment"
		if tool.natural != want {
			t.Errorf("%s: %v", tool.Name, tool.natural)
		}
	}
}
