package soc_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vedette/backend/soc"
)

const vectorFile = "../../schemas/digest_vectors.json"

type vectors struct {
	About            string           `json:"about"`
	Actions          []actionVector   `json:"actions"`
	RefusedActions   []refusedAction  `json:"refused_actions"`
	Documents        []documentVector `json:"documents"`
	RefusedDocuments []refusedVector  `json:"refused_documents"`
}

type actionVector struct {
	Name      string          `json:"name"`
	Why       string          `json:"why"`
	Input     json.RawMessage `json:"input"`
	Canonical string          `json:"canonical"`
	Digest    string          `json:"digest"`
}

type refusedAction struct {
	Name  string          `json:"name"`
	Why   string          `json:"why"`
	Input json.RawMessage `json:"input"`
}

type documentVector struct {
	Name      string `json:"name"`
	Document  string `json:"document"`
	Canonical string `json:"canonical"`
}

type refusedVector struct {
	Name     string  `json:"name"`
	Document *string `json:"document,omitempty"`
	Hex      string  `json:"hex,omitempty"`
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	data, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// action reads the input of a vector as the stored rows would give it.
func action(t *testing.T, input []byte) soc.CanonicalAction {
	t.Helper()
	var in struct {
		Workspace string `json:"workspace_id"`
		Incident  string `json:"incident_id"`
		Gamebook  string `json:"gamebook_id"`
		Version   int    `json:"gamebook_version"`
		Steps     []struct {
			Ordinal int            `json:"ordinal"`
			ID      string         `json:"playbook_id"`
			Hash    string         `json:"playbook_hash"`
			Entity  string         `json:"entity_id"`
			Kind    soc.EntityKind `json:"entity_type"`
			Target  struct {
				Connector string `json:"connector_id"`
				Native    string `json:"native_id"`
			} `json:"target"`
			Params map[string]any `json:"params"`
		} `json:"steps"`
		Class  soc.Class `json:"class"`
		Need   soc.Need  `json:"need"`
		Policy int64     `json:"policy_version"`
		By     struct {
			Principal string      `json:"principal_id"`
			Run       string      `json:"run_id"`
			Trigger   soc.Trigger `json:"effective_trigger"`
		} `json:"requested_by"`
		Expires time.Time `json:"approval_expires_at"`
		Window  int64     `json:"execution_window_s"`
		Nonce   string    `json:"nonce"`
	}
	d := json.NewDecoder(bytes.NewReader(input))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		t.Fatal(err)
	}
	g := soc.Gamebook{
		ID: in.Gamebook, Workspace: in.Workspace, Incident: in.Incident, Version: in.Version, Class: in.Class, Need: in.Need,
		PolicyVersion: in.Policy, RequestedBy: in.By.Principal, Run: in.By.Run, EffectiveTrigger: in.By.Trigger,
		ApprovalExpiresAt: in.Expires, ExecutionWindow: time.Duration(in.Window) * time.Second, Nonce: in.Nonce,
	}
	for _, s := range in.Steps {
		g.Steps = append(g.Steps, soc.Step{
			Ordinal: s.Ordinal, Playbook: s.ID, PlaybookHash: s.Hash, Entity: s.Entity, EntityKind: s.Kind,
			Connector: s.Target.Connector, NativeID: s.Target.Native, Parameters: s.Params,
		})
	}
	return g.Action()
}

// TestD10PublishedVectors: schemas/digest_check.py is the second
// implementation; both read the same file.
func TestD10PublishedVectors(t *testing.T) {
	v := readVectors(t)
	if *update {
		updateVectors(t, v)
		return
	}
	if len(v.Actions) < 30 {
		t.Fatalf("%d action vectors, at least thirty are promised", len(v.Actions))
	}
	digests := map[string]string{}
	for _, vec := range v.Actions {
		got, err := action(t, vec.Input).Canonical()
		if err != nil {
			t.Errorf("%s: %v", vec.Name, errors.Unwrap(err))
			continue
		}
		if string(got) != vec.Canonical {
			t.Errorf("%s:\n got %s\nwant %s", vec.Name, got, vec.Canonical)
		}
		if d := soc.Digest(got); d != vec.Digest {
			t.Errorf("%s: digest %s, want %s", vec.Name, d, vec.Digest)
		}
		if again, err := soc.CanonicalJSON(got, soc.JSONLimits{}); err != nil || !bytes.Equal(again, got) {
			t.Errorf("%s: the canonical action is not its own RFC 8785 form: %s %v", vec.Name, again, err)
		}
		if other, taken := digests[vec.Digest]; taken && vec.Name != "offset time" {
			t.Errorf("%s and %s have one digest", vec.Name, other)
		}
		digests[vec.Digest] = vec.Name
	}
	for _, vec := range v.RefusedActions {
		if got, err := action(t, vec.Input).Canonical(); err == nil {
			t.Errorf("refused action %q has a canonical form: %s", vec.Name, got)
		}
	}
}

func TestD2PublishedDocuments(t *testing.T) {
	v := readVectors(t)
	for _, vec := range v.Documents {
		got, err := soc.CanonicalJSON([]byte(vec.Document), soc.JSONLimits{})
		if err != nil || string(got) != vec.Canonical {
			t.Errorf("%s: got %s (%v), want %s", vec.Name, got, err, vec.Canonical)
		}
	}
	for _, vec := range v.RefusedDocuments {
		data, err := hex.DecodeString(vec.Hex)
		if err != nil {
			t.Fatal(err)
		}
		if vec.Document != nil {
			data = []byte(*vec.Document)
		}
		err = soc.CheckJSON(data, soc.JSONLimits{})
		if e := soc.AsError(err); err == nil || e.Kind != soc.Invalid || e.Code != soc.CodeBadRequest || len(e.Fields) != 1 {
			t.Errorf("%s: %#v", vec.Name, err)
		}
	}
}

func updateVectors(t *testing.T, v vectors) {
	t.Helper()
	for i, vec := range v.Actions {
		got, err := action(t, vec.Input).Canonical()
		if err != nil {
			t.Fatalf("%s: %v", vec.Name, errors.Unwrap(err))
		}
		v.Actions[i].Canonical, v.Actions[i].Digest = string(got), soc.Digest(got)
	}
	for i, vec := range v.Documents {
		got, err := soc.CanonicalJSON([]byte(vec.Document), soc.JSONLimits{})
		if err != nil {
			t.Fatalf("%s: %v", vec.Name, err)
		}
		v.Documents[i].Canonical = string(got)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	golden(t, vectorFile, ascii(b.String()))
}

// ascii escapes what an editor would hide: the vectors hold bidi and invisible
// characters on purpose.
func ascii(s string) []byte {
	var b bytes.Buffer
	for _, r := range s {
		switch {
		case r < 0x7F:
			b.WriteRune(r)
		case r > 0xFFFF:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

// TestD5D6OrderAndTypesOfTheRowsDoNotMatter: rows come back from a store in
// any order and with the number types of a decoder.
func TestD5D6OrderAndTypesOfTheRowsDoNotMatter(t *testing.T) {
	base := action(t, readVectors(t).Actions[0].Input)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-soc.MaxSafeInteger, soc.MaxSafeInteger).Draw(t, "n")
		count := rapid.IntRange(1, 6).Draw(t, "steps")
		var one, two []soc.CanonicalStep
		for i := range count {
			s := base.Steps[0]
			s.Entity, s.Ordinal = fmt.Sprintf("ENT-%d", i%3), i+1
			s.Parameters = map[string]any{"n": n}
			one = append(one, s)
			s.Parameters = map[string]any{"n": rapid.SampledFrom([]any{float64(n), json.Number(fmt.Sprint(n))}).Draw(t, "type")}
			two = append(two, s)
		}
		two = rapid.Permutation(two).Draw(t, "order")
		a, b := base, base
		a.Steps, b.Steps = one, two
		b.ApprovalExpiresAt = a.ApprovalExpiresAt.In(time.FixedZone("", 3600))
		left, err := a.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		right, err := b.Canonical()
		if err != nil || !bytes.Equal(left, right) {
			t.Fatalf("%s\n%s %v", left, right, err)
		}
	})
}

// TestS13EveryPartChangesTheDigest: one change of any covered column gives
// another digest.
func TestS13EveryPartChangesTheDigest(t *testing.T) {
	base := action(t, readVectors(t).Actions[0].Input)
	digest := func(a soc.CanonicalAction) string {
		b, err := a.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		return soc.Digest(b)
	}
	step := func(change func(*soc.CanonicalStep)) func(*soc.CanonicalAction) {
		return func(a *soc.CanonicalAction) { change(&a.Steps[0]) }
	}
	changes := map[string]func(*soc.CanonicalAction){
		"workspace": func(a *soc.CanonicalAction) { a.Workspace += "x" },
		"incident":  func(a *soc.CanonicalAction) { a.Incident += "x" },
		"gamebook":  func(a *soc.CanonicalAction) { a.Gamebook += "x" },
		"version":   func(a *soc.CanonicalAction) { a.GamebookVersion++ },
		"class":     func(a *soc.CanonicalAction) { a.Class = soc.ClassReadOnly },
		"count":     func(a *soc.CanonicalAction) { a.Need.Count++ },
		"roles":     func(a *soc.CanonicalAction) { a.Need.Roles = []soc.Role{soc.RoleAnalyst} },
		"policy":    func(a *soc.CanonicalAction) { a.PolicyVersion++ },
		"principal": func(a *soc.CanonicalAction) { a.Principal += "x" },
		"run":       func(a *soc.CanonicalAction) { a.Run = "" },
		"trigger":   func(a *soc.CanonicalAction) { a.EffectiveTrigger = soc.TriggerInvestigateAndRespond },
		"expiry":    func(a *soc.CanonicalAction) { a.ApprovalExpiresAt = a.ApprovalExpiresAt.Add(time.Millisecond) },
		"window":    func(a *soc.CanonicalAction) { a.ExecutionWindow += time.Second },
		"nonce":     func(a *soc.CanonicalAction) { a.Nonce += "x" },
		"playbook":  step(func(s *soc.CanonicalStep) { s.Playbook += "x" }),
		"hash":      step(func(s *soc.CanonicalStep) { s.PlaybookHash += "x" }),
		"entity":    step(func(s *soc.CanonicalStep) { s.Entity += "x" }),
		"kind":      step(func(s *soc.CanonicalStep) { s.EntityKind = soc.KindIP }),
		"connector": step(func(s *soc.CanonicalStep) { s.Connector += "x" }),
		"native":    step(func(s *soc.CanonicalStep) { s.NativeID += "x" }),
		"ordinal":   step(func(s *soc.CanonicalStep) { s.Ordinal++ }),
		"parameter": step(func(s *soc.CanonicalStep) { s.Parameters = map[string]any{"isolation_type": "selective"} }),
		"added":     func(a *soc.CanonicalAction) { s := a.Steps[0]; s.Ordinal++; a.Steps = append(a.Steps, s) },
	}
	seen := map[string]string{digest(base): "nothing"}
	for name, change := range changes {
		a := base
		a.Steps = append([]soc.CanonicalStep(nil), base.Steps...)
		change(&a)
		d := digest(a)
		if other, taken := seen[d]; taken {
			t.Errorf("changing %s gives the digest of changing %s", name, other)
		}
		seen[d] = name
	}
}

func TestDigestShort(t *testing.T) {
	if got := soc.DigestShort("sha256:9f2c41aa07be" + strings.Repeat("0", 52)); got != "9f2c-41aa-07be" {
		t.Error(got)
	}
	for _, bad := range []string{"", "sha256:9f2c", "9f2c41aa07be" + strings.Repeat("0", 52)} {
		if got := soc.DigestShort(bad); got != "" {
			t.Errorf("%q: %q", bad, got)
		}
	}
	if soc.DigestOf("a", []byte("b")) == soc.DigestOf("c", []byte("b")) {
		t.Error("two domains share a digest")
	}
}
