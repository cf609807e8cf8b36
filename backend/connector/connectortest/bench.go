package connectortest

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"vedette/backend/connector"
	"vedette/backend/connector/egress"
	"vedette/backend/soc"
)

// key is the idempotency key of every step on the bench.
const key = "key-1"

// Make makes a way out to the fake. What the config leaves out of the id, the
// base URL and the client is the fake's, and calls are not slowed down; change,
// if any, has the last word.
func Make[C connector.Connector](t testing.TB, v *Vendor, kind connector.Kind, config connector.Config, change func(*connector.Config)) C {
	t.Helper()
	config.ID, config.Limits, config.Client = "con-1", connector.Limits{PerSecond: 1000, Burst: 1000}, v.Client(egress.Options{})
	if config.BaseURL == "" {
		config.BaseURL = v.URL
	}
	if change != nil {
		change(&config)
	}
	made, err := kind.Make(config)
	if err != nil {
		t.Fatal(err)
	}
	return made.(C)
}

// NewBench is a way out before its fake, which counts its effects under mu.
func NewBench(c connector.Connector, v *Vendor, mu sync.Locker, effects *int) Bench {
	return Bench{Connector: c, Vendor: v, Effects: func() int {
		mu.Lock()
		defer mu.Unlock()
		return *effects
	}}
}

// Act is one action without parameters.
func Act(operation string, kind soc.EntityKind, id string) connector.Action {
	return connector.Action{IdempotencyKey: key, Operation: operation, Kind: kind, NativeID: id, Parameters: map[string]any{}}
}

// Ask is the question after the action of the same step, dispatched a moment
// ago.
func Ask(operation string, kind soc.EntityKind, id string) connector.Question {
	return connector.Question{
		IdempotencyKey: key, Operation: operation, Kind: kind, NativeID: id, Parameters: map[string]any{}, DispatchedAt: time.Now().Add(-time.Second),
	}
}

// Say answers in JSON: a string as it stands, nil as no body.
func Say(w http.ResponseWriter, status int, value any) {
	if value == nil || status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if text, ok := value.(string); ok {
		_, _ = io.WriteString(w, text)
		return
	}
	_ = json.NewEncoder(w).Encode(value)
}
