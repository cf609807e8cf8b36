package simrange

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// routes are the products' API and the control API.
func (r *Range) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/health", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"status": "ok", "product": "Vedette range (simulation)"})
	})
	for i := range resources {
		res := &resources[i]
		method := http.MethodPut
		if res.adds != "" {
			method = http.MethodPost
		}
		mux.HandleFunc("GET "+res.path, func(w http.ResponseWriter, req *http.Request) { r.read(w, req, res) })
		mux.HandleFunc(method+" "+res.path, func(w http.ResponseWriter, req *http.Request) { r.act(w, req, res) })
	}
	mux.HandleFunc("GET /control/v1/faults", r.listFaults)
	mux.HandleFunc("POST /control/v1/faults", r.addFault)
	mux.HandleFunc("DELETE /control/v1/faults", r.dropFaults)
	mux.HandleFunc("PUT /control/v1/deduplication", r.setDeduplication)
	mux.HandleFunc("GET /control/v1/dispatches", r.listDispatches)
	return mux
}

// objectID joins the path's values into the object's id.
func objectID(req *http.Request, res *resource) string {
	var parts []string
	for _, name := range res.wildcards() {
		parts = append(parts, req.PathValue(name))
	}
	return strings.Join(parts, "/")
}

// read answers a GET.
func (r *Range) read(w http.ResponseWriter, req *http.Request, res *resource) {
	fault := r.take(res.read, false)
	if !r.wait(w, fault.Delay) {
		return
	}
	r.lock.Lock()
	view := r.state.view(res, objectID(req, res), r.config.Now())
	r.lock.Unlock()
	misbehave(w, fault.Behaviour, http.StatusOK, view)
}

// act answers a PUT or POST: one line in the journal, one effect at most.
func (r *Range) act(w http.ResponseWriter, req *http.Request, res *resource) {
	key := req.Header.Get("Idempotency-Key")
	if key == "" || len(key) > 255 {
		fail(w, http.StatusBadRequest, "idempotency_key", "Idempotency-Key must have 1 to 255 characters.")
		return
	}
	body := map[string]any{}
	if err := decode(req, &body); err != nil || body == nil {
		fail(w, http.StatusBadRequest, "malformed", "The body must be one JSON object.")
		return
	}
	operation, parameters, problem := res.request(body)
	if problem != "" {
		fail(w, http.StatusUnprocessableEntity, "invalid", "The request is not valid: "+problem+".")
		return
	}
	fault := r.take(operation, true)
	if !r.wait(w, fault.Delay) {
		return
	}
	d, repeated, err := r.record(Dispatch{
		Key: key, Operation: operation, Object: objectID(req, res), Parameters: parameters,
		Effect: fault.Behaviour.acts(), Fault: fault.Behaviour,
	})
	if err != nil {
		fail(w, http.StatusInternalServerError, "journal", "The range could not record the action; nothing was done.")
		return
	}
	members := map[string]any{"accepted": true, "id": d.Object, "request_id": key}
	if repeated {
		members["deduplicated"] = true
	} else {
		members["reference"] = fmt.Sprintf("RNG-%d", d.Seq)
	}
	status := http.StatusOK
	if res.adds != "" {
		status = http.StatusAccepted
	}
	misbehave(w, fault.Behaviour, status, members)
}

// record writes the line and takes its effect into the state, as one step. A
// repetition is reported when the range was told to deduplicate.
func (r *Range) record(d Dispatch) (_ Dispatch, repeated bool, _ error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.dedupe && r.effects[d.Key] {
		return d, true, nil
	}
	// Rounded as the journal will give it back, so that a restart changes nothing.
	d.At = r.config.Now().UTC().Round(0)
	d, err := r.journal.append(d)
	if err != nil {
		return d, false, err
	}
	return d, false, r.learn(d)
}

// wait holds an answer back. A caller that goes away does not stop it: a slow
// product acts all the same. Only closing does, and then nothing is done.
func (r *Range) wait(w http.ResponseWriter, delay time.Duration) bool {
	if delay == 0 {
		return true
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.closing:
		fail(w, http.StatusServiceUnavailable, "closing", "The range is closing.")
		return false
	}
}

// misbehave answers as ordered; without an order, with the members given.
func misbehave(w http.ResponseWriter, behaviour Behaviour, status int, members map[string]any) {
	switch behaviour {
	case ActThenDrop, Drop:
		panic(http.ErrAbortHandler) // net/http hangs up without an answer
	case ActThenError, Error:
		fail(w, http.StatusInternalServerError, "internal", "An internal error occurred.")
	case Decline:
		fail(w, http.StatusConflict, "declined", "The request was declined.")
	default:
		answer(w, status, members)
	}
}
