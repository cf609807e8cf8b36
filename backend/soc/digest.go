package soc

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ActionDomain is the prefix that separates digests of actions from every
// other SHA-256 of this house (safety.md section 1.2).
const ActionDomain = "vedette-action-v1"

// MaxSafeInteger is 2^53-1, the largest integer every JSON reader keeps (D4).
const MaxSafeInteger = 1<<53 - 1

// CanonicalAction is what an approval binds to: everything that decides what
// will happen, and nothing that is only shown (D8). It is built from stored
// rows, never from a caller's body (D1).
type CanonicalAction struct {
	Workspace, Incident, Gamebook string
	GamebookVersion               int
	Steps                         []CanonicalStep
	Class                         Class
	Need                          Need
	PolicyVersion                 int64
	Principal                     string
	Run                           string // absent for a person without a run
	EffectiveTrigger              Trigger
	ApprovalExpiresAt             time.Time
	ExecutionWindow               time.Duration // whole seconds
	Nonce                         string        // 128 random bits, used once (D7)
}

// CanonicalStep is one step of a CanonicalAction. Connector and NativeID are
// both set, or both empty for a playbook that acts inside Vedette.
type CanonicalStep struct {
	Ordinal                int
	Playbook, PlaybookHash string
	Entity                 string
	EntityKind             EntityKind
	Connector, NativeID    string
	// Parameters hold strings, booleans, integers within 2^53-1, and arrays
	// and objects of these.
	Parameters map[string]any
}

// Action collects the canonical action of a stored gamebook.
func (g Gamebook) Action() CanonicalAction {
	a := CanonicalAction{
		Workspace: g.Workspace, Incident: g.Incident, Gamebook: g.ID, GamebookVersion: g.Version,
		Class: g.Class, Need: g.Need, PolicyVersion: g.PolicyVersion,
		Principal: g.RequestedBy, Run: g.Run, EffectiveTrigger: g.EffectiveTrigger,
		ApprovalExpiresAt: g.ApprovalExpiresAt, ExecutionWindow: g.ExecutionWindow, Nonce: g.Nonce,
	}
	for _, s := range g.Steps {
		a.Steps = append(a.Steps, CanonicalStep{
			Ordinal: s.Ordinal, Playbook: s.Playbook, PlaybookHash: s.PlaybookHash, Entity: s.Entity,
			EntityKind: s.EntityKind, Connector: s.Connector, NativeID: s.NativeID, Parameters: s.Parameters,
		})
	}
	return a
}

// Canonical returns the exact bytes a digest covers: RFC 8785 JSON of the
// action. Steps are ordered by entity id bytes, then ordinal (D6); the expiry
// is UTC with milliseconds, finer parts cut off (D5); strings stay as stored
// (D3). It fails, with an *Error of kind Internal, on a row that no submit can
// have written: a missing part, a number outside 2^53-1, a fraction, a null,
// text that is not UTF-8 or holds U+0000, two steps in one place.
func (a CanonicalAction) Canonical() ([]byte, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	steps := slices.Clone(a.Steps)
	slices.SortStableFunc(steps, func(x, y CanonicalStep) int {
		return cmp.Or(strings.Compare(x.Entity, y.Entity), cmp.Compare(x.Ordinal, y.Ordinal))
	})
	list := make([]any, len(steps))
	for i, s := range steps {
		if i > 0 && steps[i-1].Entity == s.Entity && steps[i-1].Ordinal == s.Ordinal {
			return nil, notCanonical("steps", "two steps have one ordinal")
		}
		list[i] = s.members()
	}
	requester := map[string]any{"principal_id": a.Principal, "effective_trigger": string(a.EffectiveTrigger)}
	if a.Run != "" {
		requester["run_id"] = a.Run
	}
	roles := make([]any, len(a.Need.Roles))
	for i, r := range a.Need.Roles {
		roles[i] = string(r)
	}
	return appendCanonical(nil, "", map[string]any{
		"v": 1, "workspace_id": a.Workspace, "incident_id": a.Incident, "gamebook_id": a.Gamebook,
		"gamebook_version": a.GamebookVersion, "steps": list, "class": string(a.Class),
		"need":           map[string]any{"count": a.Need.Count, "roles": roles},
		"policy_version": a.PolicyVersion, "requested_by": requester,
		"approval_expires_at": a.ApprovalExpiresAt.UTC().Format("2006-01-02T15:04:05.000Z"),
		"execution_window_s":  int64(a.ExecutionWindow / time.Second), "nonce": a.Nonce,
	})
}

func (s CanonicalStep) members() map[string]any {
	target := map[string]any{}
	if s.Connector != "" {
		target["connector_id"], target["native_id"] = s.Connector, s.NativeID
	}
	params := s.Parameters
	if params == nil {
		params = map[string]any{}
	}
	return map[string]any{
		"ordinal": s.Ordinal, "playbook_id": s.Playbook, "playbook_hash": s.PlaybookHash, "entity_id": s.Entity,
		"entity_type": string(s.EntityKind), "target": target, "params": params,
	}
}

func (a CanonicalAction) check() error {
	for name, value := range map[string]string{
		"workspace_id": a.Workspace, "incident_id": a.Incident, "gamebook_id": a.Gamebook, "nonce": a.Nonce,
		"class": string(a.Class), "requested_by.principal_id": a.Principal,
		"requested_by.effective_trigger": string(a.EffectiveTrigger),
	} {
		if value == "" {
			return notCanonical(name, "is missing")
		}
	}
	if year := a.ApprovalExpiresAt.UTC().Year(); a.ApprovalExpiresAt.IsZero() || year < 1 || year > 9999 {
		return notCanonical("approval_expires_at", "is missing or out of range")
	}
	if a.ExecutionWindow <= 0 || a.ExecutionWindow%time.Second != 0 {
		return notCanonical("execution_window_s", "must be whole seconds")
	}
	if len(a.Steps) == 0 {
		return notCanonical("steps", "is empty")
	}
	for _, s := range a.Steps {
		if s.Ordinal < 1 || s.Playbook == "" || s.PlaybookHash == "" || s.Entity == "" || s.EntityKind == "" {
			return notCanonical("steps", "a step lacks a part")
		}
		if (s.Connector == "") != (s.NativeID == "") {
			return notCanonical("steps", "a target is named by half")
		}
	}
	return nil
}

func notCanonical(path, why string) *Error {
	return Errorf(Internal, CodeInternalError, "The stored action cannot be put in canonical form.").
		WithCause(fmt.Errorf("canonical action: %s: %s", path, why))
}

// appendCanonical writes the restricted values an action is made of. A whole
// number is accepted in whatever type a JSON decoder left it, since all of
// them have the same canonical form; a fraction and a null have none (D4).
func appendCanonical(dst []byte, path string, v any) ([]byte, error) {
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
			return nil, notCanonical(path, "is not UTF-8 without U+0000")
		}
		return appendString(dst, v), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return appendInteger(dst, path, int64(v))
	case int64:
		return appendInteger(dst, path, v)
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil {
			return nil, notCanonical(path, "is not an integer")
		}
		return appendInteger(dst, path, n)
	case float64:
		if v != math.Trunc(v) || math.Abs(v) > MaxSafeInteger {
			return nil, notCanonical(path, "is not an integer within 2^53-1")
		}
		return appendInteger(dst, path, int64(v))
	case []any:
		return appendArray(dst, path, v)
	case map[string]any:
		return appendObject(dst, path, v)
	}
	return nil, notCanonical(path, fmt.Sprintf("has type %T", v))
}

func appendInteger(dst []byte, path string, n int64) ([]byte, error) {
	if n > MaxSafeInteger || n < -MaxSafeInteger {
		return nil, notCanonical(path, "is outside 2^53-1")
	}
	return strconv.AppendInt(dst, n, 10), nil
}

func appendArray(dst []byte, path string, items []any) ([]byte, error) {
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendCanonical(dst, path+"[]", item); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendObject(dst []byte, path string, members map[string]any) ([]byte, error) {
	keys := make([]string, 0, len(members))
	for key := range members {
		if !utf8.ValidString(key) || strings.IndexByte(key, 0) >= 0 {
			return nil, notCanonical(path, "has a key that is not UTF-8 without U+0000")
		}
		keys = append(keys, key)
	}
	slices.SortFunc(keys, compareUTF16)
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, key), ':')
		var err error
		if dst, err = appendCanonical(dst, path+"."+key, members[key]); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// Digest is the digest of an action over its canonical bytes.
func Digest(canonical []byte) string { return DigestOf(ActionDomain, canonical) }

// DigestOf is "sha256:" and the hexadecimal SHA-256 of domain, LF, canonical.
// Every kind of record has its own domain, so that no digest of one kind is
// ever good for another.
func DigestOf(domain string, canonical []byte) string {
	h := sha256.New()
	h.Write([]byte(domain))
	h.Write([]byte{'\n'})
	h.Write(canonical)
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// DigestShort is the form people compare by eye, "9f2c-41aa-07be": the first
// 48 bits. It identifies nothing; anything else than a digest gives "".
func DigestShort(digest string) string {
	d, found := strings.CutPrefix(digest, "sha256:")
	if !found || len(d) != 2*sha256.Size {
		return ""
	}
	return d[0:4] + "-" + d[4:8] + "-" + d[8:12]
}
