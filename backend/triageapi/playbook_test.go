package triageapi_test

import (
	"net/http/httptest"
	"testing"

	"vedette/backend/web/webtest"
)

func TestAnswersOfPlaybooks(t *testing.T) {
	d := open(t)
	i := d.byID(t, "authored-2")
	golden := func(name string, w *httptest.ResponseRecorder) {
		t.Helper()
		t.Run(name, func(t *testing.T) { webtest.Golden(t, *update, "playbook/"+name+".golden", w) })
	}
	get := func(target string) *httptest.ResponseRecorder {
		return d.Ask("GET", "/api/playbooks"+target, "", d.key)
	}
	golden("list", get("?per_page=2"))
	golden("disabled", get("?enabled=false"))
	golden("wrong", get("?enabled=yes"))
	golden("one", get("/sop_phishing"))
	golden("built-in", get("/built_in"))
	golden("unknown", get("/custom"))
	run := func(name, body string) *httptest.ResponseRecorder {
		return d.Ask("POST", "/api/playbooks/"+name+"/run", body, d.key)
	}
	golden("run", run("built_in", `{"incident_id":"`+i.ID+`"}`))
	golden("run-cached", run("built_in", `{"incident_id":"`+i.ID+`"}`))
	golden("run-unknown", run("custom", `{"incident_id":"`+i.ID+`"}`))
	golden("run-elsewhere", run("built_in", `{"incident_id":"550e8400-e29b-41d4-a716-446655440000"}`))
	golden("run-nothing", run("built_in", `{}`))
}
