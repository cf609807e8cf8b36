package main

import (
	"net/http"
	"testing"
)

// TestS69RedteamJudgesAnswers: the self-test must see what it is there to see.
// Each answer is one that a broken server might give.
func TestS69RedteamJudgesAnswers(t *testing.T) {
	refuse, queue, control := attackKind{"r", mustRefuse, nil}, attackKind{"q", mayQueue, nil}, attackKind{controlKind, mayRun, nil}
	mcp := func(structured string) redReply {
		return redReply{mcp: true, status: http.StatusOK, body: []byte(`{"jsonrpc":"2.0","id":1,"result":{"content":[],"structuredContent":` + structured + `}}`)}
	}
	rest := func(status int, body string) redReply { return redReply{status: status, body: []byte(body)} }
	tool := redReply{mcp: true, status: http.StatusOK, body: []byte(`{"result":{"isError":true,"content":[{"text":"NOT_FOUND: There is no such incident.\nRetry"}]}}`)}
	runs := `{"success":true,"code":"QUEUED","gamebook_id":"GB-1","is_queued_for_approval":false}`
	waits := `{"success":true,"code":"QUEUED_FOR_APPROVAL","gamebook_id":"GB-1","is_queued_for_approval":true}`
	for name, c := range map[string]struct {
		kind  attackKind
		reply redReply
		fault bool
	}{
		"a server error":                 {queue, rest(500, `{"code":"INTERNAL_ERROR"}`), true},
		"an accepted violation":          {refuse, mcp(waits), true},
		"one over REST":                  {refuse, rest(200, `{"data":`+runs+`}`), true},
		"a run without people":           {queue, mcp(runs), true},
		"the same over REST":             {queue, rest(200, runs), true},
		"a refusal without a code":       {refuse, rest(403, `{}`), true},
		"a refusal in a code of its own": {refuse, rest(422, `{"code":"REFUSED","reason":"BECAUSE"}`), true},
		"a tool's refusal":               {refuse, tool, false},
		"a refused receipt":              {refuse, mcp(`{"success":false,"code":"UNKNOWN_PLAYBOOK"}`), false},
		"the case family's":              {refuse, rest(403, `{"error":"insufficient_scope"}`), false},
		"the triage family's":            {refuse, rest(404, `{"error":{"code":"not_found"}}`), false},
		"what waits for people":          {queue, mcp(waits), false},
		"the control":                    {control, mcp(runs), false},
	} {
		c.reply.read()
		if fault := c.kind.judge(c.reply); (fault != "") != c.fault {
			t.Errorf("%s: %q", name, fault)
		}
	}
	if tool.read(); !tool.onRecord() {
		t.Error("a tool's refusal need not be on record")
	}
}
