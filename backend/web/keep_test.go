package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vedette/backend/soc"
)

func TestIdempotencyReplaysTheAnswerOfTheEffect(t *testing.T) {
	h, effects := portalHouse(t)
	right, key := bearer(tokenRight), "Idempotency-Key: \"k-1\""
	first := h.ask("POST", aPath+"/comments", `{"text":"a","urgent":false}`, right, key)
	h.clock = h.clock.Add(time.Minute)
	again := h.ask("POST", aPath+"/comments", "{ \"urgent\": false, \"text\": \"\\u0061\" }", right, "Idempotency-Key: k-1")
	if first.Code != 201 || again.Code != 201 || first.Body.String() != again.Body.String() || *effects != 1 {
		t.Fatalf("%d effects, %s %s", *effects, first.Body, again.Body)
	}
	if again.Header().Get("Idempotent-Replayed") != "true" || first.Header().Get("Idempotent-Replayed") != "" || first.Header().Get("Location") != "/there" {
		t.Errorf("%v %v", first.Header(), again.Header())
	}
	if w := h.ask("POST", aPath+"/comments", `{"text":"b"}`, right, key); w.Code != 422 || codeOf(t, w) != "IDEMPOTENCY_KEY_REUSED" {
		t.Errorf("other body: %d %s", w.Code, w.Body)
	}
	if w := h.ask("POST", aPath+"/comments", `{"text":"a"}`, bearer(tokenMany), key); w.Code != 400 && w.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("another credential's key: %d", w.Code)
	}
	if w := h.ask("POST", aPath+"x/comments", `{"text":"a","urgent":false}`, right, key); w.Code != 201 || *effects < 2 {
		t.Errorf("another path: %d %s", w.Code, w.Body)
	}
	for _, bad := range []string{`""`, `"a`, `a"b`, `"a"b"`, `"a\x"`, "a b", "", strings.Repeat("k", 256), "ü"} {
		if w := h.ask("POST", aPath+"/comments", `{"text":"a"}`, right, "Idempotency-Key: "+bad); w.Code != 400 {
			t.Errorf("key %s: %d", bad, w.Code)
		}
	}
	if w := h.ask("POST", aPath+"/comments", `{"text":"a"}`, right, key, key); w.Code != 400 {
		t.Errorf("two keys: %d", w.Code)
	}
}

type secretData struct {
	Secret string `json:"secret"`
}

func TestIdempotencySealsSecretsAndTellsOfRunningCalls(t *testing.T) {
	h := newHouse(t)
	started, finish := make(chan bool), make(chan bool)
	op := Operation{
		Method: "POST", Path: "/api/v2/webhooks", Name: "create_webhook", Who: Scoped, Scope: soc.ScopeWebhooksManage, Organization: true,
		Rate: "write", Write: true, Secret: true, Status: 201,
	}
	Register(h.Registry, h.families["portal"], op, func(_ context.Context, by soc.Actor, _ struct{}) (Reply[secretData], error) {
		started <- true
		<-finish
		draw := func(s string) Reply[secretData] { return OK(secretData{s}) }
		h.answers.complete(Answering(by, draw).Idempotency, "whsec_1")
		return draw("whsec_1"), nil
	})
	h.open(t)
	first := make(chan string)
	ask := func() string {
		w := h.ask("POST", "/api/v2/webhooks", "", bearer(tokenRight), "Idempotency-Key: k")
		return fmt.Sprint(w.Code, w.Header().Get("Retry-After"), w.Body.String())
	}
	go func() { first <- ask() }()
	<-started
	if during := ask(); !strings.HasPrefix(during, "409 1 ") && !strings.HasPrefix(during, "4091") {
		t.Errorf("while the first call runs: %s", during)
	}
	close(finish)
	answer := <-first
	for _, row := range h.answers.rows {
		if strings.Contains(string(row.body), "whsec") {
			t.Errorf("the secret is stored open: %s", row.body)
		}
	}
	if again := ask(); again != answer || !strings.Contains(again, "whsec_1") {
		t.Errorf("replayed %s, first %s", again, answer)
	}
}

func TestAnsweringNeedsTheRightResult(t *testing.T) {
	by := Answering(soc.Actor{Idempotency: &soc.IdempotencyClaim{Encode: func(any) (int, []byte) { return 200, nil }}},
		func(int) Reply[noteData] { return Reply[noteData]{} })
	if status, _ := by.Idempotency.Encode("no number"); status != 0 {
		t.Error("a result of another type was drawn")
	}
	if status, _ := by.Idempotency.Encode(1); status != 200 {
		t.Error("the result was not drawn")
	}
	if by := Answering(soc.Actor{}, func(int) Reply[noteData] { return Reply[noteData]{} }); by.Idempotency != nil {
		t.Error("a claim from nothing")
	}
}

func TestRatesPerCredentialAndClass(t *testing.T) {
	h, _ := portalHouse(t)
	h.families["portal"].Rates["read"] = 2
	w := h.ask("GET", aPath, "", bearer(tokenRight))
	if w.Header().Get("RateLimit-Policy") != `"read";q=2;w=60` || w.Header().Get("RateLimit") != `"read";r=1;t=30` {
		t.Errorf("%v", w.Header())
	}
	h.ask("GET", aPath, "", bearer(tokenRight))
	w = h.ask("GET", aPath, "", bearer(tokenRight))
	if w.Code != 429 || w.Header().Get("Retry-After") != "30" || codeOf(t, w) != "RATE_LIMITED" || w.Header().Get("RateLimit") != `"read";r=0;t=60` {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w = h.ask("POST", aPath+"/comments", `{"text":"a"}`, bearer(tokenRight)); w.Code != 201 || w.Header().Get("RateLimit") != `"write";r=239;t=1` {
		t.Errorf("another class: %d %v", w.Code, w.Header())
	}
	if w = h.ask("GET", aPath, "", bearer(tokenAgent)); w.Code != 200 {
		t.Errorf("another credential: %d", w.Code)
	}
	h.clock = h.clock.Add(30 * time.Second)
	if w = h.ask("GET", aPath, "", bearer(tokenRight)); w.Code != 200 {
		t.Errorf("after the time it was told to wait: %d", w.Code)
	}
}

func TestTriageTellsLegacyRateHeaders(t *testing.T) {
	h := newHouse(t)
	Register(h.Registry, h.families["triage"], Operation{
		Method: "GET", Path: "/api/incidents", Name: "list", Who: Scoped, Scope: soc.ScopeIncidentsRead, MinRole: soc.RoleViewer, Rate: "triage",
	}, echoWorkspace)
	w := h.open(t).ask("GET", "/api/incidents", "", bearer(tokenRight))
	got := w.Header().Get("RateLimit") + " " + w.Header().Get("X-RateLimit-Limit") + " " + w.Header().Get("X-RateLimit-Remaining") + " " + w.Header().Get("X-RateLimit-Reset")
	if want := fmt.Sprintf(`"triage";r=29;t=2 30 29 %d`, epoch.Unix()+2); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFailedLoginsPerAddress(t *testing.T) {
	h := sessionHouse(t)
	login := func(word, address string) int {
		w := h.ask("POST", "/api/ops/v1/session", `{"text":"`+word+`"}`, "X-Forwarded-For: "+address)
		return w.Code
	}
	h.config.TrustedProxies = append(h.config.TrustedProxies, netPrefix(t, "192.0.2.0/24"))
	for range 100 {
		if code := login("right", "203.0.113.1"); code != 201 {
			t.Fatalf("success costs nothing, yet %d", code)
		}
	}
	for i := range 20 {
		if code := login("wrong", "203.0.113.1"); code != 401 {
			t.Fatalf("attempt %d: %d", i, code)
		}
	}
	if code := login("right", "203.0.113.1"); code != 429 {
		t.Errorf("the 21st: %d", code)
	}
	if code := login("right", "203.0.113.2"); code != 201 {
		t.Errorf("another address: %d", code)
	}
	h.clock = h.clock.Add(3 * time.Second)
	if code := login("right", "203.0.113.1"); code != 201 {
		t.Errorf("three seconds later: %d", code)
	}
}

func TestBucketsAreBounded(t *testing.T) {
	b := newBuckets(3)
	kept := b.get("keep", 60)
	for i := range 100 {
		b.get(fmt.Sprint(i), 60)
		if b.get("keep", 60) != kept {
			t.Fatal("the one in use was evicted")
		}
	}
	if len(b.byKey) != 3 || b.order.Len() != 3 {
		t.Errorf("%d buckets", len(b.byKey))
	}
}

func TestS57InFlightPerCredential(t *testing.T) {
	h := newHouse(t)
	started, finish := make(chan bool), make(chan bool)
	Register(h.Registry, h.families["portal"], Operation{
		Method: "GET", Path: "/api/v2/slow", Name: "slow", Who: Signed, Organization: true, Rate: "read",
	}, func(context.Context, soc.Actor, struct{}) (Reply[noteData], error) {
		started <- true
		<-finish
		return Reply[noteData]{}, nil
	})
	h.open(t)
	done := make(chan int)
	for range 2 {
		go func() { done <- h.ask("GET", "/api/v2/slow", "", bearer(tokenRight)).Code }()
		<-started
	}
	if w := h.ask("GET", "/api/v2/slow", "", bearer(tokenRight)); w.Code != 429 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("the third at once: %d", w.Code)
	}
	go func() { done <- h.ask("GET", "/api/v2/slow", "", bearer(tokenAgent)).Code }()
	<-started // one slow credential does not delay another
	close(finish)
	for range 3 {
		if code := <-done; code != 200 {
			t.Error(code)
		}
	}
	if len(h.perCredential.count)+len(h.perAddress.count) != 0 {
		t.Errorf("places not given back: %v %v", h.perCredential.count, h.perAddress.count)
	}
}

func TestS45TokenIsBoundToEverything(t *testing.T) {
	now := epoch
	clock := func() time.Time { return now }
	s, err := NewSealer(clock, SealKey{ID: 2, Key: [32]byte{2}}, SealKey{ID: 1, Key: [32]byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	full := Binding{"list", "p", "w", "Sentinel", map[string]string{"severity": "high"}, "a/b", "-created"}
	token, err := s.SealJSON(full, []int{7})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	if err := s.OpenJSON(full, token, &got); err != nil || got[0] != 7 {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Binding){
		"endpoint": func(b *Binding) { b.Endpoint = "x" }, "principal": func(b *Binding) { b.Principal = "x" }, "workspace": func(b *Binding) { b.Workspace = "x" },
		"source": func(b *Binding) { b.Source = "x" }, "filters": func(b *Binding) { b.Filters = map[string]string{"severity": "low"} },
		"window": func(b *Binding) { b.Window = "x" }, "sort": func(b *Binding) { b.Sort = "x" },
		"shifted": func(b *Binding) { b.Endpoint, b.Principal = "listp", "" },
	} {
		other := full
		change(&other)
		if _, err := s.Open(other, token); soc.AsError(err) == nil || soc.AsError(err).Code != soc.CodeInvalidCursor {
			t.Errorf("%s: %v", name, err)
		}
	}
	old, _ := NewSealer(clock, SealKey{ID: 1, Key: [32]byte{1}})
	foreign, _ := NewSealer(clock, SealKey{ID: 2, Key: [32]byte{9}})
	before, _ := old.Seal(full, nil)
	if _, err := s.Open(full, before); err != nil {
		t.Error("a rotated key no longer opens:", err)
	}
	if _, err := old.Open(full, token); err == nil {
		t.Error("an unknown key id opens")
	}
	if _, err := foreign.Open(full, token); err == nil {
		t.Error("another server's key of the same id opens")
	}
	now = now.Add(TokenLife)
	if _, err := s.Open(full, token); err == nil {
		t.Error("an expired token opens")
	}
}

func TestS45EveryByteFlipped(t *testing.T) {
	s, _ := NewSealer(func() time.Time { return epoch }, SealKey{ID: 1, Key: [32]byte{1}})
	token, _ := s.Seal(Binding{Endpoint: "e"}, []byte("payload"))
	for i := range token {
		for _, c := range "ABab01-_=.é\x00\r\n" {
			altered := token[:i] + string(c) + token[i+1:]
			if _, err := s.Open(Binding{Endpoint: "e"}, altered); err == nil && altered != token {
				t.Errorf("opens with %q at %d", c, i)
			}
		}
		if _, err := s.Open(Binding{Endpoint: "e"}, token[:i]); err == nil {
			t.Errorf("opens when cut at %d", i)
		}
	}
}

// FuzzS45Token puts text over a part of a real token.
func FuzzS45Token(f *testing.F) {
	s, _ := NewSealer(func() time.Time { return epoch }, SealKey{ID: 1, Key: [32]byte{1}})
	f.Add(uint8(0), uint8(4), "AAAA")
	f.Add(uint8(0), uint8(255), "")
	f.Add(uint8(40), uint8(41), "=")
	f.Add(uint8(255), uint8(255), "\r\n")
	f.Fuzz(func(t *testing.T, from, to uint8, text string) {
		token, _ := s.Seal(Binding{Endpoint: "e"}, []byte("payload"))
		start := min(int(from), len(token))
		altered := token[:start] + text + token[max(start, min(int(to), len(token))):]
		payload, err := s.Open(Binding{Endpoint: "e"}, altered)
		if (err == nil) != (altered == token) || err == nil && string(payload) != "payload" {
			t.Errorf("%q for %q: %q %v", altered, token, payload, err)
		}
	})
}

func TestSealRoundTrip(t *testing.T) {
	s, _ := NewSealer(time.Now, SealKey{ID: 7, Key: [32]byte{7}})
	rapid.Check(t, func(t *rapid.T) {
		b := Binding{Endpoint: rapid.String().Draw(t, "endpoint"), Filters: rapid.SliceOf(rapid.String()).Draw(t, "filters")}
		payload := rapid.SliceOf(rapid.Byte()).Draw(t, "payload")
		token, err := s.Seal(b, payload)
		if err != nil {
			t.Fatal(err)
		}
		back, err := s.Open(b, token)
		if err != nil || string(back) != string(payload) {
			t.Fatalf("%v %q", err, back)
		}
	})
}

func TestS57ServerIsBoundedAndDrains(t *testing.T) {
	h := newHouse(t)
	started, finish := make(chan bool), make(chan bool)
	server := Server(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		started <- true
		<-finish
		_ = json.NewEncoder(w).Encode("done")
	}), h.config.Log)
	if server.ReadHeaderTimeout != 5*time.Second || server.ReadTimeout != 30*time.Second || server.IdleTimeout != 120*time.Second || server.WriteTimeout == 0 || server.MaxHeaderBytes == 0 {
		t.Errorf("%+v", server)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	drained := make(chan error, 1)
	go func() { drained <- Serve(ctx, server, listener, nil, time.Minute) }()
	status := make(chan int, 1)
	go func() {
		response, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			status <- 0
			return
		}
		_ = response.Body.Close()
		status <- response.StatusCode
	}()
	<-started
	stop()
	select {
	case err := <-drained:
		t.Fatalf("did not wait for the request in progress: %v", err)
	default:
	}
	close(finish)
	if got := <-status; got != 200 {
		t.Errorf("the request in progress got %d", got)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
}

func TestM5LimiterPerPrincipal(t *testing.T) {
	now := epoch
	l := NewLimiter(3, 2, func() time.Time { return now })
	enter := func(principal string) func() {
		leave, wait := l.Enter(principal)
		if (leave == nil) != (wait > 0) {
			t.Errorf("leave %v, wait %d", leave != nil, wait)
		}
		return leave
	}
	first, second := enter("a"), enter("a")
	if enter("a") != nil || enter("b") == nil {
		t.Error("two at once for a, and b is not a")
	}
	first()
	second()
	enter("a")()
	if _, wait := l.Enter("a"); wait != 20 {
		t.Errorf("wait %d", wait)
	}
	now = now.Add(20 * time.Second)
	if enter("a") == nil {
		t.Error("refused after the wait")
	}
}
