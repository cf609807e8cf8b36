package connectortest

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"vedette/backend/connector"
)

// VerdictBench is one writer of verdicts before its product's fake, fresh.
type VerdictBench struct {
	Writer   connector.VerdictWriter
	Vendor   *Vendor
	Closed   func() bool // whether the product's incident shows the verdict
	Comments func() int  // how many comments it has
}

// VerdictTrial is what a writer of verdicts is tried with.
type VerdictTrial struct {
	New     func(t *testing.T) VerdictBench
	Verdict connector.Verdict
	// Acts tell the requests that write, in the order in which they are made.
	Acts    []func(*http.Request) bool
	Errors  string
	Secrets []string
}

// Run tries the writer: whatever happens to one of its calls, the next attempt
// ends with the verdict there and one comment.
func (trial VerdictTrial) Run(t *testing.T) {
	t.Run("once", func(t *testing.T) {
		b := trial.New(t)
		for range 3 {
			if err := b.Writer.WriteVerdict(t.Context(), trial.Verdict); err != nil {
				t.Fatalf("%v: %v", err, errors.Unwrap(err))
			}
		}
		trial.written(t, b)
	})
	faults := map[string]Fault{
		"403": Answer(403, "application/json", trial.Errors), "404": Answer(404, "application/json", trial.Errors),
		"500": Answer(500, "application/json", trial.Errors), "error in a 200": Answer(200, "application/json", trial.Errors),
		"login page": LoginPage(), "redirected": Elsewhere(), "empty object": Answer(200, "application/json", "{}"), "null": Answer(200, "application/json", "null"),
		"dropped": ActThenDrop(), "502 after acting": ActThenFail(), "flooded": ActThenFlood(),
	}
	for name, fault := range faults {
		for i, acts := range trial.Acts {
			t.Run(name, func(t *testing.T) { trial.again(t, i, acts, fault) })
		}
	}
}

func (trial VerdictTrial) again(t *testing.T, i int, acts func(*http.Request) bool, fault Fault) {
	b := trial.New(t)
	b.Vendor.Once(acts, fault)
	err := b.Writer.WriteVerdict(t.Context(), trial.Verdict)
	if err == nil {
		t.Errorf("write %d: passes for written", i)
	} else {
		Trial{Secrets: trial.Secrets}.discreet(t, err)
	}
	if err := b.Writer.WriteVerdict(t.Context(), trial.Verdict); err != nil {
		t.Errorf("write %d, again: %v: %v", i, err, errors.Unwrap(err))
	}
	trial.written(t, b)
	for _, call := range b.Vendor.Calls() {
		if strings.HasSuffix(call.Path, "/elsewhere") {
			t.Error("a redirect was followed")
		}
	}
}

func (trial VerdictTrial) written(t *testing.T, b VerdictBench) {
	t.Helper()
	if !b.Closed() || b.Comments() != 1 {
		t.Errorf("closed %v, %d comments", b.Closed(), b.Comments())
	}
}
