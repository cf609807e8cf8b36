package soc

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"time"
)

// RunTokenPrefix begins every run token, so that scanners of text find one.
const RunTokenPrefix = "vdr_"

// RunSigner makes and proves run tokens: an HMAC over what a run may do and a
// nonce of 128 bits (safety.md section 1). The keys are not in the database, so
// a row that was edited behind the server's back has no token. The first key
// signs, all prove. Safe for concurrent use.
type RunSigner struct{ keys []SecretKey }

// NewRunSigner makes a signer of one key or more.
func NewRunSigner(keys ...SecretKey) (*RunSigner, error) {
	if len(keys) == 0 {
		return nil, errors.New("soc: a run signer needs a key")
	}
	return &RunSigner{keys}, nil
}

// NewRunNonce draws the 128 bits of a run.
func NewRunNonce(random io.Reader) (string, error) {
	var nonce [16]byte
	if _, err := io.ReadFull(random, nonce[:]); err != nil {
		return "", err
	}
	return hex.EncodeToString(nonce[:]), nil
}

// signedRun is what a token proves. What a run was served is not in it: taint
// only ever grows.
type signedRun struct {
	ID        string  `json:"run_id"`
	Workspace string  `json:"workspace"`
	Incident  string  `json:"incident"`
	Agent     string  `json:"agent"`
	Trigger   Trigger `json:"trigger"`
	Class     Class   `json:"class,omitempty"`
	Impact    Impact  `json:"impact,omitempty"`
	Entities  int     `json:"max_entities"`
	StartedBy string  `json:"started_by"`
	ExpiresAt int64   `json:"expires_at"`
	Nonce     string  `json:"nonce"`
}

// runTokenDomain keeps this HMAC apart from every other use of a key.
const runTokenDomain = "vedette-run-v1"

func (u Run) mac(key SecretKey) ([]byte, error) {
	canonical, err := CanonicalRecord(signedRun{
		u.ID, u.Workspace, u.Incident, u.Agent, u.Trigger, u.EnvelopeClass, u.EnvelopeImpact, u.EnvelopeEntities, u.StartedBy, u.ExpiresAt.UnixMicro(), u.Nonce,
	})
	if err != nil {
		return nil, err
	}
	h := hmac.New(sha256.New, key.Key[:])
	h.Write([]byte(runTokenDomain + "\n"))
	h.Write(canonical)
	return h.Sum(nil), nil
}

// runTokenText refuses bits that stand for nothing, so that no two texts are
// one token.
var runTokenText = base64.RawURLEncoding.Strict()

// Token makes the token of a run.
func (s *RunSigner) Token(u Run) (string, error) {
	id, err := hex.DecodeString(strings.ReplaceAll(u.ID, "-", ""))
	if err != nil || len(id) != 16 {
		return "", errors.New("soc: the id of a run is no UUID")
	}
	mac, err := u.mac(s.keys[0])
	if err != nil {
		return "", err
	}
	text := binary.BigEndian.AppendUint32(nil, s.keys[0].ID)
	return RunTokenPrefix + runTokenText.EncodeToString(append(append(text, id...), mac...)), nil
}

// RunTokenID is the run that a token claims to be of; ok is false for a text
// that no signer made.
func RunTokenID(token string) (id string, ok bool) {
	raw, ok := runTokenBytes(token)
	if !ok {
		return "", false
	}
	text := hex.EncodeToString(raw[4:20])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:], true
}

func runTokenBytes(token string) ([]byte, bool) {
	text, found := strings.CutPrefix(token, RunTokenPrefix)
	raw, err := runTokenText.DecodeString(text)
	return raw, found && err == nil && len(raw) == 4+16+sha256.Size
}

// Proves reports whether a token is that of this very run, as it is stored now.
func (s *RunSigner) Proves(token string, u Run) bool {
	raw, ok := runTokenBytes(token)
	if !ok {
		return false
	}
	for _, key := range s.keys {
		if key.ID != binary.BigEndian.Uint32(raw) {
			continue
		}
		mac, err := u.mac(key)
		return err == nil && hmac.Equal(mac, raw[20:])
	}
	return false
}

// Live reports whether the run's token is good for anything at a moment.
func (u Run) Live(now time.Time) bool {
	return !u.Implicit && !u.State.Ended() && now.Before(u.ExpiresAt)
}

// StarterRole is the least role of who starts a run with a trigger, and may
// keep it alive: to respond takes a senior.
func StarterRole(t Trigger) Role {
	if t == TriggerInvestigateAndRespond {
		return RoleSenior
	}
	return RoleAnalyst
}

// NewRun asks for a run of an agent on an incident.
type NewRun struct {
	Incident IncidentRef
	Trigger  Trigger
	// Agent is an identity of the organization; empty is the built-in triage.
	Agent string
	// Envelope bounds a respond run; nil is the shipped one.
	Envelope *RunEnvelope
	Minutes  int
	Reason   string
}

// RunEnvelope is what a respond run may do without an approval.
type RunEnvelope struct {
	Class    Class
	Impact   Impact
	Entities int
}

// ShippedEnvelope is the envelope of the start dialog.
var ShippedEnvelope = RunEnvelope{Class: ClassReversible, Impact: ImpactHigh, Entities: 5}

// RunView is a run as people see it. Taint is what its agent was served.
type RunView struct {
	Run
	IncidentShortID string
	AgentName       string
	// Work is what a run of the loop is beside the run; nil for any other.
	Work *RunWork
	// Wait is why such a run is not worked on, "" while it is or once it ended.
	Wait WaitReason
	// Position is that of one run which was reconciled; lists leave it out.
	Position *LoopPosition
	// Token is the new run's, in the one answer that holds it.
	Token  string
	Joined bool
}

// RunFilter selects runs of a workspace, newest first.
type RunFilter struct {
	Workspace string
	State     RunState
	Trigger   Trigger
	Agent     string
	Incident  string
	// Taint and Flagged look at what the run's agent was served of the incident.
	Taint   Taint
	Flagged *bool
	// Before is the id of the last one seen, empty for the newest.
	Before string
	Limit  int
}
