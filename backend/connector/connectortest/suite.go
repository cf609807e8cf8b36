package connectortest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"vedette/backend/connector"
)

// Bench is one connector before its product's fake, fresh.
type Bench struct {
	Connector connector.Connector
	Vendor    *Vendor
	Effects   func() int // how often the action had its effect
}

// Clock is a connector's clock, which only the test moves.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock begins now: deadlines of calls are compared with it.
func NewClock() *Clock { return &Clock{now: time.Now()} }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Pass lets time pass.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Trial is what a connector is tried with.
type Trial struct {
	New      func(t *testing.T) Bench
	Action   connector.Action
	Acts     func(*http.Request) bool // tells the request that acts
	Question connector.Question
	Reads    func(*http.Request) bool // tells the request that reads back
	// Expected is the word that the probe gives once the effect shows.
	Expected string
	// Errors is how the product words an error, with a %s-free body that holds Canary.
	Errors string
	// Secrets may appear in no error.
	Secrets []string
}

// Run tries the connector: nothing that a product, or something before it,
// answers may be taken for more than it says.
func (trial Trial) Run(t *testing.T) {
	t.Run("accepted and read back", trial.works)
	for name, test := range trial.misbehaviours() {
		t.Run("act: "+name, func(t *testing.T) { trial.acts(t, test) })
	}
	t.Run("act: trickle", trial.trickles)
	t.Run("act: throttled", trial.throttled)
	for name, fault := range trial.unreadable() {
		t.Run("read: "+name, func(t *testing.T) { trial.reads(t, fault) })
	}
}

type misbehaviour struct {
	fault   Fault
	want    connector.Outcome
	effects int
}

func (trial Trial) misbehaviours() map[string]misbehaviour {
	refused := func(status int) misbehaviour {
		return misbehaviour{Answer(status, "application/json", trial.Errors), connector.Refused, 0}
	}
	return map[string]misbehaviour{
		"400":              refused(400),
		"403":              refused(403),
		"404":              refused(404),
		"409":              refused(409),
		"500":              {Answer(500, "application/json", trial.Errors), connector.Unknown, 0},
		"502 after acting": {ActThenFail(), connector.Unknown, 1},
		"dropped":          {ActThenDrop(), connector.Unknown, 1},
		"flooded":          {ActThenFlood(), connector.Unknown, 1},
		"login page":       {LoginPage(), connector.Unknown, 0},
		"redirected":       {Elsewhere(), connector.Unknown, 0},
		"nothing":          {Answer(200, "application/json", ""), connector.Unknown, 0},
		"empty object":     {Answer(200, "application/json", "{}"), connector.Unknown, 0},
		"null":             {Answer(200, "application/json", "null"), connector.Unknown, 0},
		"list":             {Answer(200, "application/json", "[]"), connector.Unknown, 0},
		"half an answer":   {Answer(200, "application/json", `{"data":`), connector.Unknown, 0},
		"error in a 200":   {Answer(200, "application/json", trial.Errors), connector.Unknown, 0},
	}
}

func (trial Trial) unreadable() map[string]Fault {
	return map[string]Fault{
		"403":            Answer(403, "application/json", trial.Errors),
		"404":            Answer(404, "application/json", trial.Errors),
		"500":            Answer(500, "application/json", trial.Errors),
		"dropped":        ActThenDrop(),
		"flooded":        ActThenFlood(),
		"login page":     LoginPage(),
		"redirected":     Elsewhere(),
		"empty object":   Answer(200, "application/json", "{}"),
		"null":           Answer(200, "application/json", "null"),
		"error in a 200": Answer(200, "application/json", trial.Errors),
	}
}

func (trial Trial) works(t *testing.T) {
	b := trial.New(t)
	if word, err := b.Connector.Probe(t.Context(), trial.Question); word == trial.Expected {
		t.Fatalf("before the action the probe says %q, %v", word, err)
	}
	if _, err := b.Connector.Carry(t.Context(), trial.Action); err != nil {
		t.Fatalf("carry: %v: %v", err, errors.Unwrap(err))
	}
	trial.shows(t, b, 1)
}

// shows checks how often the action had its effect, and that the read-back
// tells an effect from none.
func (trial Trial) shows(t *testing.T, b Bench, effects int) {
	t.Helper()
	if got := b.Effects(); got != effects {
		t.Errorf("%d effects, want %d", got, effects)
	}
	word, err := b.Connector.Probe(t.Context(), trial.Question)
	if effects > 0 && (err != nil || word != trial.Expected) {
		t.Errorf("the read-back says %q, %v, want %q", word, err, trial.Expected)
	}
	if effects == 0 && word == trial.Expected {
		t.Errorf("the read-back says %q though nothing happened", word)
	}
}

func (trial Trial) acts(t *testing.T, test misbehaviour) {
	b := trial.New(t)
	b.Vendor.Once(trial.Acts, test.fault)
	_, err := b.Connector.Carry(t.Context(), trial.Action)
	if got := connector.OutcomeOf(err); got != test.want {
		t.Errorf("the outcome is %s, want %s: %v: %v", got, test.want, err, errors.Unwrap(err))
	}
	trial.discreet(t, err)
	trial.shows(t, b, test.effects)
	trial.stayed(t, b)
}

func (trial Trial) trickles(t *testing.T) {
	b := trial.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b.Vendor.Once(trial.Acts, ActThenTrickle(cancel))
	_, err := b.Connector.Carry(ctx, trial.Action)
	if got := connector.OutcomeOf(err); got != connector.Unknown {
		t.Errorf("the outcome is %s: %v", got, err)
	}
	trial.shows(t, b, 1)
}

// throttled checks that a product that asks for patience beyond the caller's
// time gets no second request, and that nothing is taken for done.
func (trial Trial) throttled(t *testing.T) {
	b := trial.New(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b.Vendor.Always(trial.Acts, Throttled("3600", trial.Errors))
	_, err := b.Connector.Carry(ctx, trial.Action)
	if got := connector.OutcomeOf(err); got != connector.Refused {
		t.Errorf("the outcome is %s: %v", got, err)
	}
	trial.discreet(t, err)
	if got := b.Effects(); got != 0 {
		t.Errorf("%d effects", got)
	}
	asked := 0
	for _, call := range b.Vendor.Calls() {
		if r, err := http.NewRequest(call.Method, call.Path, nil); err == nil && trial.Acts(r) {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func (trial Trial) reads(t *testing.T, fault Fault) {
	b := trial.New(t)
	if _, err := b.Connector.Carry(t.Context(), trial.Action); err != nil {
		t.Fatal(err)
	}
	b.Vendor.Always(trial.Reads, fault) // net/http asks again by itself where a kept connection ends
	word, err := b.Connector.Probe(t.Context(), trial.Question)
	if err == nil || word != "" {
		t.Errorf("learnt %q from an answer that says nothing", word)
	}
	trial.discreet(t, err)
	trial.stayed(t, b)
}

// discreet checks that an error holds neither a secret nor the product's words.
func (trial Trial) discreet(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, word := range append([]string{Canary}, trial.Secrets...) {
		if strings.Contains(err.Error(), word) {
			t.Errorf("the error says %q: %v", word, err)
		}
	}
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		for _, secret := range trial.Secrets {
			if strings.Contains(cause.Error(), secret) {
				t.Errorf("the log would hold a secret: %v", cause)
			}
		}
	}
}

// stayed checks that no redirect was followed.
func (trial Trial) stayed(t *testing.T, b Bench) {
	t.Helper()
	for _, call := range b.Vendor.Calls() {
		if call.Path == "/elsewhere" {
			t.Error("a redirect was followed")
		}
	}
}
