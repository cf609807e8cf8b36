package simrange

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Label stands in the header X-Simulation and the member "simulation" of every answer.
const Label = "vedette-range"

// labelHeader carries Label.
const labelHeader = "X-Simulation"

// minToken is the shortest token accepted, in bytes.
const minToken = 16

// Config is what a range needs.
type Config struct {
	// Path is the journal file; it is made when missing. One range at a time.
	Path string
	// Token opens the products' API, ControlToken the control API; they differ.
	Token        string
	ControlToken string
	// Deduplicate makes a repeated Idempotency-Key have no second effect and no
	// second line. Off, as with many products.
	Deduplicate bool
	// Now is the range's clock; default time.Now.
	Now func() time.Time
}

// Range is a running simulation. It is an http.Handler; Serve puts it on a
// listener of its own.
type Range struct {
	config Config
	mux    *http.ServeMux
	server *http.Server
	tokens [2][sha256.Size]byte // products', control's

	lock    sync.Mutex
	state   state
	effects map[string]bool // keys that had an effect
	journal *journal
	faults  []Fault
	dedupe  bool
	closed  bool
	closing chan struct{}
	running sync.WaitGroup
}

// New opens the journal and rebuilds the state from it.
func New(config Config) (*Range, error) {
	switch {
	case config.Path == "":
		return nil, errors.New("range: Path is missing")
	case len(config.Token) < minToken || len(config.ControlToken) < minToken:
		return nil, errors.New("range: both tokens must have at least 16 bytes")
	case config.Token == config.ControlToken:
		return nil, errors.New("range: the two tokens must differ")
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	r := &Range{
		config: config, state: state{}, effects: map[string]bool{}, dedupe: config.Deduplicate, closing: make(chan struct{}),
		tokens: [2][sha256.Size]byte{sha256.Sum256([]byte(config.Token)), sha256.Sum256([]byte(config.ControlToken))},
	}
	var err error
	r.journal, err = openJournal(config.Path, r.learn)
	if err != nil {
		return nil, err
	}
	r.mux = r.routes()
	r.server = &http.Server{
		Handler: r, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0),
	}
	return r, nil
}

// learn takes one line of the journal into the state.
func (r *Range) learn(d Dispatch) error {
	if !d.Effect {
		return nil
	}
	r.effects[d.Key] = true
	return r.state.apply(d)
}

// Serve answers on l until Close, then returns nil.
func (r *Range) Serve(l net.Listener) error {
	if err := r.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Close hangs up on every caller, lets no delayed act happen any more, and
// closes the journal. It may be called more than once.
func (r *Range) Close() error {
	r.lock.Lock()
	if r.closed {
		r.lock.Unlock()
		return nil
	}
	r.closed = true
	close(r.closing)
	r.lock.Unlock()
	err := r.server.Close()
	r.running.Wait()
	return errors.Join(err, r.journal.close())
}

// Dispatches returns every action that ever arrived, oldest first.
func (r *Range) Dispatches() ([]Dispatch, error) { return ReadJournal(r.config.Path) }

// enter counts a request in, unless the range is closing.
func (r *Range) enter() bool {
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.closed {
		return false
	}
	r.running.Add(1)
	return true
}

// ServeHTTP implements http.Handler.
func (r *Range) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set(labelHeader, Label)
	if !r.enter() {
		fail(w, http.StatusServiceUnavailable, "closing", "The range is closing.")
		return
	}
	defer r.running.Done()
	token := r.tokens[0]
	if strings.HasPrefix(req.URL.Path, "/control/") {
		token = r.tokens[1]
	}
	bearer, _ := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	given := sha256.Sum256([]byte(bearer))
	if subtle.ConstantTimeCompare(given[:], token[:]) != 1 {
		w.Header().Set("WWW-Authenticate", "Bearer")
		fail(w, http.StatusUnauthorized, "unauthorized", "The token is missing or wrong.")
		return
	}
	_, pattern := r.mux.Handler(req)
	if pattern == "" {
		fail(w, http.StatusNotFound, "not_found", "There is no such resource, or it has no such method.")
		return
	}
	req.Body = http.MaxBytesReader(w, req.Body, 64<<10)
	r.mux.ServeHTTP(w, req)
}

// answer writes a labelled JSON object.
func answer(w http.ResponseWriter, status int, members map[string]any) {
	members["simulation"] = Label
	body, err := json.Marshal(members)
	if err != nil {
		panic(err) // members are built here from plain values
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(body, '\n')) // the caller may have gone; nothing is left to tell it
}

// fail writes a labelled JSON error.
func fail(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]any{"error": map[string]any{"code": code, "message": message}})
}

// decode reads one strict JSON object into a map or a struct.
func decode(req *http.Request, into any) error {
	decoder := json.NewDecoder(req.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}
