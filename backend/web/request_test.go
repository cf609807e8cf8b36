package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
	"vedette/schemas"
)

func TestUnknownThingsAreRefused(t *testing.T) {
	h, _ := portalHouse(t)
	for _, c := range []struct{ query, key, text string }{
		{"?limit=1", "limit", "valid parameters: pageSize, status, withDetails"},
		{"?pageSize=1&pageSize=2", "pageSize", "repeated"},
		{"?pageSize=1&PAGESIZE=1", "pageSize", "repeated"},
		{"?pageSize=501", "pageSize", "at most 500"},
		{"?pageSize=05", "pageSize", "a whole number"},
		{"?pageSize=1.0", "pageSize", "a whole number"},
		{"?pageSize=%2B5", "pageSize", "a whole number"},
		{"?pageSize=", "pageSize", "a whole number"},
		{"?pageSize=99999999999999999999", "pageSize", "64 bits"},
		{"?status=open,done", "status[1]", "one of open, closed"},
		{"?status=Open", "status[0]", "one of open, closed"},
		{"?withDetails=True", "withDetails", "true or false"},
		{"?status=%00", "status", "UTF-8"},
		{"?%E2%80%AE=1", `\\u202e`, "not a parameter"},
	} {
		w := h.ask("GET", aPath+c.query, "", bearer(tokenRight))
		if w.Code != 400 || codeOf(t, w) != "VALIDATION_ERROR" || !strings.Contains(w.Body.String(), `"`+c.key+`":[`) || !strings.Contains(w.Body.String(), c.text) {
			t.Errorf("%s: %d %s", c.query, w.Code, w.Body)
		}
	}
	for _, query := range []string{"?%zz=1", "?a;b=1"} {
		if w := h.ask("GET", aPath+query, "", bearer(tokenRight)); w.Code != 400 || codeOf(t, w) != "BAD_REQUEST" {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	w := h.ask("GET", aPath+"?PageSize=20&STATUS=open,closed&status=open", "", bearer(tokenRight))
	if w.Code != 400 {
		t.Errorf("one name in two spellings: %d", w.Code)
	}
	w = h.ask("GET", aPath+"?PageSize=20&STATUS=open,closed&STATUS=open&withdetails=true", "", bearer(tokenRight))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"pageSize":20,"status":["open","closed","open"]`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestS57BodiesAreBounded(t *testing.T) {
	h, effects := portalHouse(t)
	right := bearer(tokenRight)
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"duplicate key":   {`{"text":"a","text":"b"}`, 400, "BAD_REQUEST"},
		"escaped twin":    {`{"text":"a","te\u0078t":"b"}`, 400, "BAD_REQUEST"},
		"trailing":        {`{"text":"a"}{}`, 400, "BAD_REQUEST"},
		"not JSON":        {`text=a`, 400, "BAD_REQUEST"},
		"NaN":             {`{"text":NaN}`, 400, "BAD_REQUEST"},
		"bad UTF-8":       {"{\"text\":\"\xff\"}", 400, "BAD_REQUEST"},
		"lone surrogate":  {`{"text":"\ud800"}`, 400, "BAD_REQUEST"},
		"U+0000":          {`{"text":"\u0000"}`, 400, "BAD_REQUEST"},
		"deep":            {`{"text":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`, 400, "BAD_REQUEST"},
		"many values":     {`{"text":[` + strings.Repeat("0,", 50_000) + `0]}`, 400, "BAD_REQUEST"},
		"long string":     {`{"text":"` + strings.Repeat("a", 65<<10) + `"}`, 400, "BAD_REQUEST"},
		"too long":        {`{"text":"` + strings.Repeat("a", 101) + `"}`, 400, "VALIDATION_ERROR"},
		"array":           {`[]`, 400, "VALIDATION_ERROR"},
		"null":            {`null`, 400, "VALIDATION_ERROR"},
		"missing":         {`{}`, 400, "VALIDATION_ERROR"},
		"unknown":         {`{"text":"a","Text":"b"}`, 400, "VALIDATION_ERROR"},
		"null is absent":  {`{"text":"a","urgent":null}`, 201, ""},
		"white space too": {" {\"text\":\"a\"}\n", 201, ""},
	} {
		w := h.ask("POST", aPath+"/comments", c.body, right)
		if w.Code != c.status || c.status >= 400 && codeOf(t, w) != c.code {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if *effects != 2 {
		t.Errorf("%d effects", *effects)
	}
	for media, status := range map[string]int{
		"application/json; charset=utf-8": 201, "application/json; charset=latin1": 415, "text/json": 415, "APPLICATION/JSON": 201,
		"application/json;": 201, ";": 415,
	} {
		if w := h.ask("POST", aPath+"/comments", `{"text":"a"}`, right, "Content-Type: "+media); w.Code != status {
			t.Errorf("%s: %d", media, w.Code)
		}
	}
	if w := h.ask("POST", aPath+"/comments", "", right); w.Code != 400 || !strings.Contains(w.Body.String(), `"text":["Is required`) {
		t.Errorf("an empty body is not {}: %d %s", w.Code, w.Body)
	}
	if w := h.ask("GET", aPath, `{"a":1}`, right); w.Code != 400 {
		t.Errorf("a body where none is read: %d", w.Code)
	}
	if w := h.ask("GET", aPath, `{}`, right); w.Code != 200 {
		t.Errorf("{} where no body is read: %d", w.Code)
	}
}

// endless is a body of undeclared length that counts what was read of it.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += int64(len(p))
	return len(p), nil
}

func TestS57UndeclaredLengthIsBoundedAndNeedsACredential(t *testing.T) {
	h, _ := portalHouse(t)
	for token, want := range map[string]int{tokenRight: 413, "vdt_no": 401} {
		body := &endless{}
		req := httptest.NewRequest("POST", "http://example.com"+aPath+"/comments", io.NopCloser(body))
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, req)
		if w.Code != want || body.read > 2*DefaultMaxBody || want == 401 && body.read > 0 {
			t.Errorf("%s: %d after %d bytes", token, w.Code, body.read)
		}
	}
}

func TestRoutingIsTheFamilys(t *testing.T) {
	h, _ := portalHouse(t)
	w := h.ask("GET", "/api/v2/nothing", "", bearer(tokenRight))
	if w.Code != 404 || codeOf(t, w) != "NOT_FOUND" || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	w = h.ask("PUT", aPath, "")
	if w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" || codeOf(t, w) != "METHOD_NOT_ALLOWED" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w = h.ask("OPTIONS", aPath, ""); w.Code != 405 {
		t.Errorf("OPTIONS: %d", w.Code)
	}
	if w = h.ask("GET", aPath+"/", "", bearer(tokenRight)); w.Code != 404 {
		t.Errorf("trailing slash: %d", w.Code)
	}
	if w = h.ask("HEAD", aPath, "", bearer(tokenRight)); w.Code != 200 || w.Header().Get("ETag") != `"7"` {
		t.Errorf("HEAD: %d", w.Code)
	}
	for id, want := range map[string]string{"a%2Fb": "a/b", "100%25": "100%", "%2525": "%25", "a+b": "a+b", "%C3%A9": "é", "a%20b": "a b"} {
		w := h.ask("GET", strings.Replace(aPath, "8d1c", id, 1), "", bearer(tokenRight))
		var body struct{ Data incidentData }
		if _ = json.Unmarshal(w.Body.Bytes(), &body); body.Data.Incident != want {
			t.Errorf("%s: %d %s", id, w.Code, w.Body)
		}
	}
	for _, id := range []string{"%00", "%FF", strings.Repeat("x", 257)} {
		if w := h.ask("GET", strings.Replace(aPath, "8d1c", id, 1), "", bearer(tokenRight)); w.Code != 400 {
			t.Errorf("%.10s: %d", id, w.Code)
		}
	}
}

func TestCommonHeaders(t *testing.T) {
	h, _ := portalHouse(t)
	for _, w := range []*httptest.ResponseRecorder{
		h.ask("GET", aPath, "", bearer(tokenRight), "X-Request-Id: mine-1"), h.ask("GET", aPath, ""), h.ask("GET", "/nowhere", ""),
		h.ask("GET", "/", "", "Host: evil.example"),
	} {
		header := w.Header()
		if header.Get("Cache-Control") != "no-store" || header.Get("X-Content-Type-Options") != "nosniff" || len(header.Get("X-Request-Id")) != 26 {
			t.Errorf("%d %v", w.Code, header)
		}
	}
	for sent, kept := range map[string]string{"a.b_c-1": "a.b_c-1", strings.Repeat("a", 65): "", "a b": "", "ü": ""} {
		w := h.ask("GET", aPath, "", bearer(tokenRight), "X-Request-Id: "+sent)
		if got := w.Header().Get("X-Correlation-Id"); got != kept || w.Header().Get("X-Request-Id") == sent {
			t.Errorf("%q kept as %q", sent, got)
		}
		if !strings.Contains(w.Body.String(), w.Header().Get("X-Request-Id")) {
			t.Error("header and body tell different request ids")
		}
	}
}

func TestInternalTextStaysInside(t *testing.T) {
	h, _ := portalHouse(t)
	for _, id := range []string{"panic", "foreign%20error"} {
		h.log.Reset()
		w := h.ask("GET", strings.Replace(aPath, "8d1c", id, 1), "", bearer(tokenRight))
		if w.Code != 500 || codeOf(t, w) != "INTERNAL_ERROR" || strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "EOF") {
			t.Errorf("%s: %d %s", id, w.Code, w.Body)
		}
		if log := h.log.String(); !strings.Contains(log, w.Header().Get("X-Request-Id")) || !strings.Contains(log, "secret of the house") && !strings.Contains(log, "unexpected EOF") {
			t.Errorf("%s: the log lacks it: %s", id, log)
		}
	}
}

func TestAccessLogHoldsNoSecretsOrQueries(t *testing.T) {
	h, _ := portalHouse(t)
	h.ask("GET", aPath+"?nope=evidence\u202e%0a%1b", "", bearer(tokenRight), "User-Agent: hidden", "X-Request-Id: mine")
	h.ask("GET", "/api/v2/evidence%0a", "")
	h.ask("BREW", "/api/v2/evidence", "")
	log := h.log.String()
	for _, leak := range []string{tokenRight, "evidence", "hidden", "8d1c", "BREW", "\u202e", "\x1b"} {
		if strings.Contains(log, leak) {
			t.Errorf("the log holds %q: %s", leak, log)
		}
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(strings.SplitN(log, "\n", 2)[0]), &line); err != nil {
		t.Fatal(err)
	}
	delete(line, "time")
	delete(line, "request_id")
	want := map[string]any{
		"level": "INFO", "msg": "request", "correlation_id": "mine", "method": "GET", "door": "portal", "route": incidentPath, "status": 400.0,
		"code": "VALIDATION_ERROR", "bytes": line["bytes"], "took": 0.0, "address": "192.0.2.1", "kind": "service", "principal": "svc",
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Error(diff)
	}
}

func TestAddressBehindProxies(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		remote, want string
		forwarded    []string
	}{
		{"192.0.2.1:1", "192.0.2.1", nil},
		{"192.0.2.1:1", "192.0.2.1", []string{"203.0.113.9"}}, // not a proxy of ours
		{"10.0.0.1:1", "203.0.113.9", []string{"203.0.113.9"}},
		{"10.0.0.1:1", "203.0.113.9", []string{"198.51.100.1, 203.0.113.9"}}, // the left one is a claim
		{"10.0.0.1:1", "203.0.113.9", []string{"198.51.100.1", "203.0.113.9, 10.0.0.2"}},
		{"10.0.0.1:1", "10.0.0.1", []string{"rubbish"}},
		{"[::ffff:10.0.0.1]:1", "2001:db8::1", []string{"2001:db8::1"}},
		{"10.0.0.1:1", "10.0.0.1", nil},
	} {
		req := httptest.NewRequest("GET", "/", nil)
		req.RemoteAddr = c.remote
		for _, value := range c.forwarded {
			req.Header.Add("X-Forwarded-For", value)
		}
		if got := h.address(req); got != netip.MustParseAddr(c.want) {
			t.Errorf("%s %v: %s", c.remote, c.forwarded, got)
		}
	}
}

func TestPrefer(t *testing.T) {
	for text, want := range map[string]Prefer{
		"wait=10": {true, 10 * time.Second}, "respond-async, wait=0": {true, 0}, "Wait=\"5\"": {true, 5 * time.Second},
		"respond-async": {true, 0}, "handling=lenient": {}, "wait=3, respond-async": {true, 3 * time.Second}, "wait=3; x=1": {true, 3 * time.Second}, "wait=3, wait=9": {true, 3 * time.Second}, "": {},
	} {
		var got Prefer
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"wait=26", "wait=-1", "wait=", "wait", "wait=1.5"} {
		if err := new(Prefer).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q passed", text)
		}
	}
}

type everything struct {
	When  *schemas.Time  `query:"when"`
	Count *int64         `query:"count"`
	Score float64        `query:"score"`
	Kinds []string       `query:"kinds" jsonschema:"maxItems=3,enum=a,enum=b"`
	Text  string         `query:"text" jsonschema:"maxLength=8"`
	Flag  *bool          `query:"flag"`
	Body  everythingBody `body:"json"`
}

type everythingBody struct {
	Number schemas.Int        `json:"number,omitempty"`
	When   *schemas.Time      `json:"when,omitempty"`
	List   []noteBody         `json:"list,omitempty" jsonschema:"maxItems=3"`
	Raw    schemas.FreeObject `json:"raw,omitempty"`
}

// FuzzS57Binder: any query and body give an input or a 400, nothing else.
func FuzzS57Binder(f *testing.F) {
	h := newHouse(f)
	op := Operation{Method: "POST", Path: "/api/v2/fuzz", Name: "fuzz", Who: Signed, Organization: true, Rate: "write", Write: true}
	h.families["portal"].Rates["write"] = 1 << 30
	Register(h.Registry, h.families["portal"], op, func(_ context.Context, _ soc.Actor, in everything) (Reply[noteData], error) {
		if in.Body.Raw != nil && !json.Valid(in.Body.Raw) || len(in.Kinds) > 3 || len([]rune(in.Text)) > 8 {
			return Reply[noteData]{}, soc.Errorf(soc.Internal, soc.CodeInternalError, "a rule was not held")
		}
		return OK(noteData{}), nil
	})
	h.open(f)
	for _, seed := range [][2]string{
		{"when=2026-04-15T20:00:00Z&count=1&score=1.5&kinds=a,b&text=x&flag=true", `{"number":"5","raw":{"a":[1,2.50]}}`},
		{"score=-0.0&count=-9223372036854775808", `{"when":"2026-04-15T20:00:00+02:00","list":[{"text":"a","urgent":null}]}`},
		{"kinds=&text=%F0%9F%98%80", `{"raw":null,"number":null}`},
		{"score=1e5&count=0x1", `{"number":1e0}`},
		{"&&=&", `[]`},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, query, body string) {
		req := httptest.NewRequest("POST", "http://example.com/api/v2/fuzz", strings.NewReader(body))
		req.URL.RawQuery = query
		req.Header.Set("Authorization", "Bearer "+tokenRight)
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, req)
		if w.Code != 200 && w.Code != 400 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q %q: %d %s %s", query, body, w.Code, w.Body, h.log.String())
		}
		h.log.Reset()
	})
}
