package simrange

import (
	"net/http"
	"time"
)

// listFaults: GET /control/v1/faults answers {"faults":[...]}.
func (r *Range) listFaults(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"faults": append([]Fault{}, r.Faults()...)})
}

// addFault: POST /control/v1/faults {"operation","behaviour","delay_ms","count"}.
func (r *Range) addFault(w http.ResponseWriter, req *http.Request) {
	var in faultJSON
	if err := decode(req, &in); err != nil {
		fail(w, http.StatusBadRequest, "malformed", "The body must be one fault: operation, behaviour, delay_ms, count.")
		return
	}
	if in.Delay < 0 || in.Delay > maxDelay.Milliseconds() {
		in.Delay = -1 // out of range without overflowing the multiplication below
	}
	fault := Fault{Operation: in.Operation, Behaviour: in.Behaviour, Delay: time.Duration(in.Delay) * time.Millisecond, Count: in.Count}
	if err := r.Inject(fault); err != nil {
		fail(w, http.StatusUnprocessableEntity, "invalid", err.Error())
		return
	}
	answer(w, http.StatusCreated, map[string]any{"fault": fault})
}

// dropFaults: DELETE /control/v1/faults.
func (r *Range) dropFaults(w http.ResponseWriter, _ *http.Request) {
	r.ClearFaults()
	answer(w, http.StatusOK, map[string]any{"faults": []Fault{}})
}

// setDeduplication: PUT /control/v1/deduplication {"enabled":true}.
func (r *Range) setDeduplication(w http.ResponseWriter, req *http.Request) {
	var in struct {
		Enabled *bool `json:"enabled"`
	}
	if err := decode(req, &in); err != nil || in.Enabled == nil {
		fail(w, http.StatusBadRequest, "malformed", "The body must be one object with enabled.")
		return
	}
	r.lock.Lock()
	r.dedupe = *in.Enabled
	r.lock.Unlock()
	answer(w, http.StatusOK, map[string]any{"enabled": *in.Enabled})
}

// listDispatches: GET /control/v1/dispatches?key= answers {"dispatches":[...]}.
func (r *Range) listDispatches(w http.ResponseWriter, req *http.Request) {
	all, err := r.Dispatches()
	if err != nil {
		fail(w, http.StatusInternalServerError, "journal", "The journal could not be read.")
		return
	}
	key := req.URL.Query().Get("key")
	found := []Dispatch{}
	for _, d := range all {
		if key == "" || d.Key == key {
			found = append(found, d)
		}
	}
	answer(w, http.StatusOK, map[string]any{"dispatches": found})
}
