package portalapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"vedette/backend"
	"vedette/backend/connector/egress"
	"vedette/backend/connector/generic"
	"vedette/backend/portalapi"
	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/backend/web/webtest"
	"vedette/backend/worker"
)

// outbound is the door with a receiver that the operator allowed, and keys that
// manage webhooks.
type outbound struct {
	*webtest.House
	family       *web.Family
	manage, read string
	receiver     *httptest.Server
	answer       http.HandlerFunc
	bodies       [][]byte
	headers      []http.Header
}

func openOutbound(t testing.TB) *outbound {
	t.Helper()
	o := &outbound{answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }}
	o.receiver = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		o.bodies, o.headers = append(o.bodies, body), append(o.headers, r.Header)
		o.answer(w, r)
	}))
	t.Cleanup(o.receiver.Close)
	at, err := url.Parse(o.receiver.URL)
	if err != nil {
		t.Fatal(err)
	}
	policy, box := publicOnly(t, at.Host), secretBox(t)
	sender := worker.Sender{Client: policy.Client(egress.Options{})}
	o.House = webtest.Open(t, func(c *backend.Config) {
		c.Mappers = map[string]backend.Mapper{"generic": {Split: generic.Split, Map: generic.Map}}
		c.Secrets, c.CheckURL = box, policy.Check
		sender.Now = c.Now
		c.Send = sender.Send
	})
	o.family = web.Portal(webtest.PublicURL)
	portalapi.Register(o.Registry, o.family, portalapi.Config{Desk: o.Desk, Seal: o.Seal, Now: o.Now})
	o.Start()
	all := []string{o.First, o.Second}
	o.manage = o.Bearer(webtest.Key{Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeWebhooksManage, soc.ScopeWebhooksRead}, Workspaces: all})
	o.read = o.Bearer(webtest.Key{Role: soc.RoleViewer, Scopes: []soc.Scope{soc.ScopeWebhooksRead}, Workspaces: all})
	return o
}

const hooks = "/api/v2/webhooks"

// webhookAnswer is what tests read of a webhook.
type webhookAnswer struct {
	Data struct {
		ID, Name, Status, AuthenticationType, SigningSecret string
		HasSigningToken                                     bool
	}
}

// make makes a webhook at the receiver.
func (o *outbound) make(t testing.TB, more string) webhookAnswer {
	t.Helper()
	w := o.Ask("POST", hooks, `{"name":"soar","url":"`+o.receiver.URL+`/in","eventTypes":["incident.created.v1","gamebook.finished.v1"]`+more+`}`, o.manage)
	return webtest.Decode[webhookAnswer](t, w, 201)
}

// secretText is a signing secret in an answer.
var secretText = regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+`)

// golden masks what differs between runs: the secret and the receiver's port.
func (o *outbound) golden(t *testing.T, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	masked := httptest.NewRecorder()
	for key, values := range w.Header() {
		masked.Header()[key] = values
	}
	masked.WriteHeader(w.Code)
	text := strings.ReplaceAll(w.Body.String(), o.receiver.URL, "http://receiver")
	text = secretText.ReplaceAllString(text, "(secret)")
	text = regexp.MustCompile(`"(latencyMs)":\d+`).ReplaceAllString(text, `"$1":0`)
	text = regexp.MustCompile(`"eventId":"[^"]+"`).ReplaceAllString(text, `"eventId":"(event)"`)
	_, _ = masked.WriteString(text)
	webtest.Golden(t, *update, "webhook/"+name+".golden", masked)
}

func TestWebhookAnswers(t *testing.T) {
	o := openOutbound(t)
	post := func(path, body string) *httptest.ResponseRecorder { return o.Ask("POST", path, body, o.manage) }
	full := `{"name":"soar","url":"` + o.receiver.URL + `/in","eventTypes":["incident.created.v1"],"workspaceIds":["` + strings.ToUpper(o.First) +
		`"],"authenticationType":"BearerToken","token":"their-token","signingToken":"their-signing-token","signatureFormat":"hexUnix","payloadFormat":"portal"}`
	created := post(hooks, full)
	o.golden(t, "created", created)
	id := webtest.Decode[webhookAnswer](t, created, 201).Data.ID
	if created.Header().Get("Location") != hooks+"/"+id {
		t.Errorf("Location %q", created.Header().Get("Location"))
	}
	one := hooks + "/" + id
	o.golden(t, "get", o.Ask("GET", one, "", o.read))
	o.golden(t, "list", o.Ask("GET", hooks, "", o.read))
	o.golden(t, "enable-active", post(one+"/enable", ""))
	o.golden(t, "paused", post(one+"/pause", ""))
	o.golden(t, "resumed", post(one+"/resume", ""))
	o.golden(t, "credentials", post(one+"/credentials", `{"authenticationType":"BasicAuth","username":"u","password":"p"}`))
	o.golden(t, "rotated", post(one+"/credentials", `{"authenticationType":"None","rotateSigningSecret":true}`))
	o.golden(t, "updated", o.Ask("PUT", one, `{"name":"soar 2","url":"`+o.receiver.URL+`/other","eventTypes":["gamebook.finished.v1"],"workspaceIds":[],"signatureFormat":"base64Iso","payloadFormat":"portal"}`, o.manage))
	o.golden(t, "test", post(one+"/test", ""))
	o.golden(t, "logs", o.Ask("GET", one+"/delivery-logs", "", o.read))
	o.golden(t, "bad", post(hooks, `{"name":" ","url":"http://169.254.169.254/","eventTypes":["incident.deleted.v1"],"authenticationType":"BasicAuth","token":"x"}`))
	o.golden(t, "bad-url", post(hooks, `{"name":"x","url":"https://127.0.0.1/","eventTypes":["incident.created.v1"]}`))
	o.golden(t, "bad-workspace", post(hooks, strings.Replace(full, strings.ToUpper(o.First), o.Foreign, 1)))
	o.golden(t, "bad-credentials", post(one+"/credentials", `{"authenticationType":"BasicAuth","username":"u:v","signingToken":"x"}`))
	o.golden(t, "no-log-time", o.Ask("GET", one+"/delivery-logs/"+id, "", o.read))
	o.golden(t, "unknown", o.Ask("GET", hooks+"/0197aaaa-0000-7000-8000-000000000000", "", o.read))
	o.golden(t, "malformed", o.Ask("GET", hooks+"/x", "", o.read))
	if w := o.Ask("DELETE", one, "", o.manage); w.Code != 204 || w.Body.Len() != 0 {
		t.Errorf("delete: %d %s", w.Code, w.Body)
	}
	if w := o.Ask("DELETE", one, "", o.manage); w.Code != 404 {
		t.Errorf("delete again: %d", w.Code)
	}
}

func TestS44WebhooksOfAnotherOrganizationAreNotThere(t *testing.T) {
	o := openOutbound(t)
	mine := o.make(t, "").Data.ID
	foreign := o.Bearer(webtest.Key{Role: soc.RoleViewer, Workspaces: []string{o.Foreign}, Scopes: []soc.Scope{soc.ScopeWebhooksManage, soc.ScopeWebhooksRead}})
	body := func(w *httptest.ResponseRecorder, id string) string {
		text := regexp.MustCompile(`"requestId":"[^"]*"`).ReplaceAllString(w.Body.String(), "")
		return strings.NewReplacer(id, "ID", "0197aaaa-0000-7000-8000-000000000000", "ID").Replace(text)
	}
	const nobody = "0197aaaa-0000-7000-8000-000000000000"
	for _, route := range o.Registry.Routes() {
		if !strings.HasPrefix(route.Path, hooks+"/{id}") {
			continue
		}
		ask := func(id string) *httptest.ResponseRecorder {
			target := strings.NewReplacer("{id}", id, "{logId}", nobody).Replace(route.Path)
			if strings.Contains(route.Path, "{logId}") {
				target += "?createdAt=2026-05-14T12:00:00Z"
			}
			sent := ""
			switch {
			case route.Method == "PUT":
				sent = `{"name":"x","url":"https://example.com/","eventTypes":["incident.created.v1"]}`
			case strings.HasSuffix(route.Path, "/credentials"):
				sent = `{"authenticationType":"None"}`
			}
			return o.Ask(route.Method, target, sent, foreign)
		}
		theirs, none := ask(mine), ask(nobody)
		if theirs.Code != 404 || body(theirs, mine) != body(none, nobody) {
			t.Errorf("%s %s: %d %s, unknown %d %s", route.Method, route.Path, theirs.Code, theirs.Body, none.Code, none.Body)
		}
	}
	if w := o.Ask("GET", hooks, "", foreign); strings.Contains(w.Body.String(), mine) {
		t.Error("listed to another organization")
	}
	if w := o.Ask("GET", hooks+"/"+mine, "", o.read); w.Code != 200 {
		t.Errorf("its own: %d", w.Code)
	}
}

// TestS53SecretsAreShownOnceAndKeptSealed looks for every secret in every later
// answer and in the whole database.
func TestS53SecretsAreShownOnceAndKeptSealed(t *testing.T) {
	o := openOutbound(t)
	created := o.Ask("POST", hooks, `{"name":"x","url":"`+o.receiver.URL+`","eventTypes":["incident.created.v1"],"authenticationType":"BearerToken","token":"CANARY-token","signingToken":"CANARY-signing"}`,
		o.manage, "Idempotency-Key: one")
	secret := secretText.FindString(created.Body.String())
	replayed := o.Ask("POST", hooks, `{"name":"x","url":"`+o.receiver.URL+`","eventTypes":["incident.created.v1"],"authenticationType":"BearerToken","token":"CANARY-token","signingToken":"CANARY-signing"}`,
		o.manage, "Idempotency-Key: one")
	if replayed.Body.String() != created.Body.String() || replayed.Header().Get("Idempotent-Replayed") != "true" || secret == "" {
		t.Errorf("replay: %s", replayed.Body)
	}
	one := hooks + "/" + webtest.Decode[webhookAnswer](t, created, 201).Data.ID
	for _, w := range []*httptest.ResponseRecorder{
		o.Ask("GET", one, "", o.manage), o.Ask("GET", hooks, "", o.manage), o.Ask("POST", one+"/test", "", o.manage),
		o.Ask("POST", one+"/pause", "", o.manage), o.Ask("GET", one+"/delivery-logs", "", o.manage),
	} {
		if w.Code != 200 || strings.Contains(w.Body.String(), "CANARY") || strings.Contains(w.Body.String(), "whsec_") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	lite, _ := o.Store.Pools()
	for _, table := range []string{"webhook", "idempotency", "audit", "delivery", "delivery_attempt", "event", "river_job"} {
		rows, err := lite.Query(`SELECT * FROM ` + table)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			values, targets := make([]any, len(columns)), make([]any, len(columns))
			for n := range values {
				targets[n] = &values[n]
			}
			if err := rows.Scan(targets...); err != nil {
				t.Fatal(err)
			}
			for n, value := range values {
				text, isText := value.(string)
				if raw, isRaw := value.([]byte); isRaw {
					text, isText = string(raw), true
				}
				if isText && (strings.Contains(text, "CANARY") || strings.Contains(text, secret)) {
					t.Errorf("%s.%s holds a secret", table, columns[n])
				}
			}
		}
		_ = rows.Close()
	}
}

func TestANewAddressErasesCredentials(t *testing.T) {
	o := openOutbound(t)
	w := o.make(t, `,"authenticationType":"BearerToken","token":"t","signingToken":"s"`)
	put := func(address string) webhookAnswer {
		return webtest.Decode[webhookAnswer](t, o.Ask("PUT", hooks+"/"+w.Data.ID, `{"name":"x","url":"`+address+`","eventTypes":["incident.created.v1"]}`, o.manage), 200)
	}
	if same := put(o.receiver.URL + "/elsewhere"); same.Data.AuthenticationType != "BearerToken" || !same.Data.HasSigningToken {
		t.Errorf("another path: %+v", same)
	}
	if other := put("https://hooks.example.com/in"); other.Data.AuthenticationType != "None" || other.Data.HasSigningToken {
		t.Errorf("another host: %+v", other)
	}
}

func TestFiftyWebhooksAreTheMost(t *testing.T) {
	o := openOutbound(t)
	for range soc.MaxWebhooks {
		o.make(t, "")
		o.Advance(time.Second)
	}
	if w := o.Ask("POST", hooks, `{"name":"x","url":"https://example.com/","eventTypes":["incident.created.v1"]}`, o.manage); w.Code != 409 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestATestOfAWebhookIsOneAttempt(t *testing.T) {
	o := openOutbound(t)
	w := o.make(t, `,"payloadFormat":"portal"`)
	one := hooks + "/" + w.Data.ID
	o.Ask("POST", one+"/pause", "", o.manage)
	o.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		_, _ = w.Write([]byte("\x1b[31mno\u202e"))
	}
	type log struct {
		Data struct {
			Status, ResponseSnippet, EventPayload string
			AttemptNumber                         int
			IsTest                                bool
		}
	}
	got := webtest.Decode[log](t, o.Ask("POST", one+"/test", "", o.manage), 200)
	if got.Data.Status != "Failed" || !got.Data.IsTest || got.Data.AttemptNumber != 1 || len(o.bodies) != 1 || got.Data.EventPayload != string(o.bodies[0]) {
		t.Errorf("%+v, %d sent", got, len(o.bodies))
	}
	if strings.ContainsAny(got.Data.ResponseSnippet, "\x1b\u202e") {
		t.Errorf("snippet %q", got.Data.ResponseSnippet)
	}
	verify, err := standardwebhooks.NewWebhook(w.Data.SigningSecret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify.VerifyIgnoringTimestamp(o.bodies[0], o.headers[0]); err != nil || o.headers[0].Get("X-CF-Test") != "true" {
		t.Errorf("%v %v", err, o.headers[0])
	}
	if w := webtest.Decode[webhookAnswer](t, o.Ask("GET", one, "", o.read), 200); w.Data.Status != "Paused" {
		t.Errorf("%+v", w)
	}
}

func TestS50ATestOfARefusedAddressIsRefused(t *testing.T) {
	o := openOutbound(t)
	id := o.make(t, "").Data.ID
	lite, _ := o.Store.Pools()
	if _, err := lite.Exec(`UPDATE webhook SET url = 'https://127.0.0.1/' WHERE id = $1`, id); err != nil { // saved when it was allowed
		t.Fatal(err)
	}
	w := o.Ask("POST", hooks+"/"+id+"/test", "", o.manage)
	if w.Code != 422 || webtest.CodeOf(t, w) != "REFUSED" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestS50InwardAddressesAreRefusedAtSave asks with every way to write an address
// of the inside, at both routes that save one.
func TestS50InwardAddressesAreRefusedAtSave(t *testing.T) {
	o := openOutbound(t)
	id := o.make(t, "").Data.ID
	for _, address := range []string{
		"http://hooks.example.com/", "https://hooks.example.com:8080/", "https://u:p@hooks.example.com/", "https://hooks.example.com/#x", "file:///etc/passwd", "ftp://example.com/", "//example.com/",
		"https://127.0.0.1/", "https://127.1/", "https://0x7f000001/", "https://2130706433/", "https://0177.0.0.1/", "https://0/", "https://0.0.0.0/", "https://localhost/", "https://LOCALHOST./", "https://[::1]/",
		"https://[::]/", "https://[::ffff:169.254.169.254]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[2002:7f00:1::]/", "https://[fd00:ec2::254]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[ff02::1]/",
		"https://169.254.169.254/latest/", "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/", "https://168.63.129.16/", "https://224.0.0.1/", "https://255.255.255.255/",
		"https://metadata.google.internal/", "https://printer.local/", "https://intranet/", "https://example.com\\r\\nX: y/", "https://exa mple.com/", "https://ex\u00e4mple.com/", "https://example.com:0/", "https://example.com:/",
	} {
		body := `{"name":"x","url":"` + address + `","eventTypes":["incident.created.v1"]}`
		for _, w := range []*httptest.ResponseRecorder{o.Ask("POST", hooks, body, o.manage), o.Ask("PUT", hooks+"/"+id, body, o.manage)} {
			problem := webtest.Decode[struct{ Errors map[string][]string }](t, w, 400)
			if len(problem.Errors["url"]) == 0 {
				t.Errorf("%s: %s", address, w.Body)
			}
		}
		o.Advance(time.Second)
	}
}

// TestS44AWebhookTellsNothingBeyondItsKey: a key of one workspace subscribes to
// that one, and neither sees, moves nor reads the log of a webhook that tells of
// another.
func TestS44AWebhookTellsNothingBeyondItsKey(t *testing.T) {
	o := openOutbound(t)
	narrow := o.Bearer(webtest.Key{Role: soc.RoleAdmin, Scopes: []soc.Scope{soc.ScopeWebhooksManage, soc.ScopeWebhooksRead}})
	draft := func(more string) string {
		return `{"name":"soar","url":"` + o.receiver.URL + `/in","eventTypes":["incident.created.v1"]` + more + `}`
	}
	for what, more := range map[string]string{
		"all": "", "none": `,"workspaceIds":[]`, "another": `,"workspaceIds":["` + o.Second + `"]`, "both": `,"workspaceIds":["` + o.First + `","` + o.Second + `"]`,
	} {
		if w := o.Ask("POST", hooks, draft(more), narrow); w.Code != 400 || !strings.Contains(w.Body.String(), "workspaceIds") {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	own := webtest.Decode[webhookAnswer](t, o.Ask("POST", hooks, draft(`,"workspaceIds":["`+o.First+`"]`), narrow), 201).Data.ID
	if w := o.Ask("PUT", hooks+"/"+own, draft(""), narrow); w.Code != 400 {
		t.Errorf("widened: %d %s", w.Code, w.Body)
	}
	wide := o.make(t, "").Data.ID
	for target, method := range map[string]string{
		"": "GET", "/delivery-logs": "GET", "/pause": "POST", "/test": "POST",
	} {
		if w := o.Ask(method, hooks+"/"+wide+target, "", narrow); w.Code != 404 {
			t.Errorf("%s %s: %d %s", method, target, w.Code, w.Body)
		}
	}
	if w := o.Ask("PUT", hooks+"/"+wide, draft(`,"workspaceIds":["`+o.First+`"]`), narrow); w.Code != 404 {
		t.Errorf("taken over: %d %s", w.Code, w.Body)
	}
	if w := o.Ask("DELETE", hooks+"/"+wide, "", narrow); w.Code != 404 {
		t.Errorf("deleted: %d %s", w.Code, w.Body)
	}
	list := o.Ask("GET", hooks, "", narrow).Body.String()
	if strings.Contains(list, wide) || !strings.Contains(list, own) {
		t.Errorf("listed: %s", list)
	}
}
