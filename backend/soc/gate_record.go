package soc

import "encoding/json"

// GateRecord is the gate's input as decided, kept with the gamebook: who asked
// is judged by it later, and explain shows it. Credential is the key or session
// that asked.
//
// NaturalKey is the key under which an agent's equal request finds the first
// answer, nil where the caller chose a key or none.
type GateRecord struct {
	Credential string
	Input      GateInput
	NaturalKey *IdempotencyClaim `json:",omitempty"`
}

// Text is the stored form.
func (g GateRecord) Text() string {
	b, err := json.Marshal(g)
	if err != nil { // strings, integers and booleans always encode
		return ""
	}
	return string(b)
}

// Text is the input as explain shows it.
func (in GateInput) Text() string {
	b, err := json.Marshal(in)
	if err != nil { // strings, integers and booleans always encode
		return "{}"
	}
	return string(b)
}

// ParseGateRecord reads the stored form.
func ParseGateRecord(text string) (GateRecord, error) {
	var g GateRecord
	err := json.Unmarshal([]byte(text), &g)
	return g, err
}
