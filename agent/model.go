package agent

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	openai "github.com/sashabaranov/go-openai"

	"vedette/backend/soc"
)

// Bounds of asking a model (T22).
const (
	// CallTimeout bounds one attempt; a client under it needs no more.
	CallTimeout = 60 * time.Second
	transient   = 2               // retries of a timeout, a 5xx, a broken connection
	limitedMost = 6               // attempts that a 429 may cost
	waitMost    = 2 * time.Minute // of one Retry-After
	breakAfter  = 5               // failures
	breakWithin = time.Minute
	contextSize = 128_000 // tokens, unless the operator says otherwise
)

// Model is a model behind an endpoint, with what was learned of it: which
// parameters it takes, whether it answers, how much at once. Safe for
// concurrent use; the zero value with Endpoint and Name is ready.
type Model struct {
	Endpoint Endpoint
	Name     string
	// Provider is told to whoever watches, as OpenTelemetry names it.
	Provider string
	// Stages name another model for a stage (T18).
	Stages map[soc.Stage]string
	// Secrets are taken out of everything that is sent or kept.
	Secrets []string
	// Timeout of one attempt, default 60 s.
	Timeout time.Duration
	// Context is the size of the model's context in tokens, default 128,000.
	Context int
	// Concurrent attempts at once, default 4.
	Concurrent int
	// Now and Sleep default to the clock.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error

	mu       sync.Mutex
	lacks    map[string]bool
	failures []time.Time
	busy     int
	allowed  int
	good     int
	freed    chan struct{}
}

// NameFor is the model of a stage.
func (m *Model) NameFor(stage soc.Stage) string { return cmp.Or(m.Stages[stage], m.Name) }

func (m *Model) now() time.Time {
	if m.Now != nil {
		return m.Now()
	}
	return time.Now()
}

func (m *Model) sleep(ctx context.Context, d time.Duration) error {
	if m.Sleep != nil {
		return m.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Lacks reports whether the endpoint was found not to take a parameter.
func (m *Model) Lacks(param string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lacks[param]
}

// learn notes a parameter that is not taken; false if that was known.
func (m *Model) learn(param string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if param == "" || m.lacks[param] {
		return false
	}
	if m.lacks == nil {
		m.lacks = map[string]bool{}
	}
	m.lacks[param] = true
	return true
}

// Capabilities are what the endpoint takes, as far as known.
func (m *Model) Capabilities() map[string]bool {
	out := map[string]bool{}
	for _, param := range []string{paramFormat, paramTools, paramSeed, paramTemperature} {
		out[param] = !m.Lacks(param)
	}
	return out
}

// Probe asks the smallest question with every parameter, so that what the
// endpoint does not take is known before the first incident (T19).
func (m *Model) Probe(ctx context.Context) error {
	request := openai.ChatCompletionRequest{
		Messages: []openai.ChatCompletionMessage{{Role: openai.ChatMessageRoleUser, Content: probeText}},
		Tools:    []openai.Tool{{Type: openai.ToolTypeFunction, Function: &openai.FunctionDefinition{Name: "none", Parameters: rawSchema(emptyObject)}}},
	}
	s := &session{model: m, stage: soc.StageHypotheses, budget: soc.LoopBudget{}, started: m.now()}
	_, err := s.complete(ctx, request, rawSchema(emptyObject), 16)
	return err
}

const (
	probeText   = `{"ready":true}`
	emptyObject = `{"type":"object","additionalProperties":false,"required":[],"properties":{}}`
)

// shape puts in what the endpoint takes: temperature 0, a seed, the schema.
func (m *Model) shape(request openai.ChatCompletionRequest, schema rawSchema, most int) openai.ChatCompletionRequest {
	if !m.Lacks(paramTemperature) {
		// The library leaves a zero out; the smallest number there is rounds to
		// zero wherever it is used.
		request.Temperature = math.SmallestNonzeroFloat32
	}
	if !m.Lacks(paramSeed) {
		seed := 1
		request.Seed = &seed
	}
	if m.Lacks(paramMaxTokens) {
		request.MaxCompletionTokens = most
	} else {
		//lint:ignore SA1019 the one that local servers know; whoever lacks it gets the other
		request.MaxTokens = most
	}
	if m.Lacks(paramTools) {
		request.Tools = nil
	}
	// With tools on offer an answer may be a call, so no shape is demanded.
	if len(request.Tools) == 0 && len(schema) > 0 && !m.Lacks(paramFormat) {
		request.ResponseFormat = &openai.ChatCompletionResponseFormat{
			Type:       openai.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &openai.ChatCompletionResponseFormatJSONSchema{Name: "answer", Schema: schema, Strict: true},
		}
	}
	return request
}

// rawSchema is a JSON Schema as it stands.
type rawSchema string

// MarshalJSON writes the schema.
func (s rawSchema) MarshalJSON() ([]byte, error) { return []byte(s), nil }

// Open reports whether the circuit is open: five failures within a minute.
// Waiting runs keep the floor's verdict meanwhile.
func (m *Model) Open() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.openLocked()
}

func (m *Model) openLocked() bool {
	if len(m.failures) < breakAfter {
		return false
	}
	return m.now().Sub(m.failures[len(m.failures)-breakAfter]) < breakWithin
}

// outcome notes how an attempt went, for the circuit and for how much may be
// asked at once.
func (m *Model) outcome(f *Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case f == nil:
		m.failures = nil
		if m.good++; m.good >= 10 && m.allowed < m.most() {
			m.allowed, m.good = m.allowed+1, 0
		}
	case f.Kind == FaultLimited:
		m.allowed, m.good = max(1, m.width()/2), 0
	case f.Kind == FaultTimeout, f.Kind == FaultUnavailable:
		m.failures = append(m.failures, m.now())
		m.failures = m.failures[max(0, len(m.failures)-breakAfter):]
	}
}

func (m *Model) most() int { return cmp.Or(m.Concurrent, 4) }

func (m *Model) width() int { return cmp.Or(m.allowed, m.most()) }

// enter waits for a place at the endpoint.
func (m *Model) enter(ctx context.Context) error {
	for {
		m.mu.Lock()
		if m.busy < m.width() {
			m.busy++
			m.mu.Unlock()
			return nil
		}
		if m.freed == nil {
			m.freed = make(chan struct{})
		}
		freed := m.freed
		m.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (m *Model) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.busy--
	if m.freed != nil {
		close(m.freed)
		m.freed = nil
	}
}

// backOff is jittered: 0.5 to 1.5 times 1 s, 2 s, 4 s.
func backOff(attempt int) time.Duration {
	base := time.Second << min(attempt, 4)
	return time.Duration(float64(base) * (0.5 + rand.Float64()))
}
