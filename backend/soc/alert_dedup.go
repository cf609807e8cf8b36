package soc

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// DedupRule is the layer of deduplication that recognised an alert.
type DedupRule string

// The layers (case-api.md section 4).
const (
	DedupKey     DedupRule = "key"
	DedupContent DedupRule = "content"
)

// ContentKey is what the second layer compares: the source, the folded title,
// the canonical host of the asset, and the observables that the sender
// declared, in any order. Two alerts that share it say the same thing.
func ContentKey(source, title string, asset AlertAsset, observables []Observable) string {
	host, _ := CanonicalValue(KindHost, asset.Hostname)
	if strings.TrimSpace(asset.Hostname) == "" {
		host = ""
	}
	var values []string
	for _, o := range observables {
		if o.Declared {
			values = append(values, string(o.Kind)+"\x1f"+o.Value)
		}
	}
	slices.Sort(values)
	values = slices.Compact(values)
	sum := sha256.Sum256([]byte(strings.Join(append([]string{source, foldText(trim(title)), host}, values...), "\x00")))
	return hex.EncodeToString(sum[:])
}

// DifferingFields names the members in which two JSON objects differ, sorted.
func DifferingFields(a, b []byte) []string {
	before, after := objectMembers(a), objectMembers(b)
	differing := []string{}
	for name, value := range before {
		if other, there := after[name]; !there || !bytes.Equal(value, other) {
			differing = append(differing, name)
		}
	}
	for name := range after {
		if _, there := before[name]; !there {
			differing = append(differing, name)
		}
	}
	slices.Sort(differing)
	return differing
}

// objectMembers are the canonical values of an object's members; a member that
// is null counts as absent.
func objectMembers(data []byte) map[string][]byte {
	p := jsonParser{data: data, limits: payloadLimits.filled(), build: true}
	node, err := p.document()
	if err != nil || node.kind != '{' {
		return nil
	}
	members := make(map[string][]byte, len(node.keys))
	for i, name := range node.keys {
		value := node.items[i]
		if name != RawMember {
			value = withoutNulls(value, 1)
		}
		if value.kind != 'n' {
			members[name] = appendNode(nil, value)
		}
	}
	return members
}

// payloadLimits are those of a document that was accepted once.
var payloadLimits = JSONLimits{StringBytes: 1 << 20, AllowNUL: true, Values: 1 << 20}

// CanonicalPayload is the RFC 8785 form of an object, in which a member that is
// null counts as absent: two bodies with one meaning have one form.
func CanonicalPayload(data []byte) ([]byte, error) {
	p := jsonParser{data: data, limits: payloadLimits.filled(), build: true}
	node, err := p.document()
	if err != nil {
		return nil, err
	}
	return appendNode(make([]byte, 0, len(data)), withoutNulls(node, 2)), nil
}

// withoutNulls drops null members of objects down to a depth: inside a raw
// payload null is a value of its own.
func withoutNulls(n jsonNode, depth int) jsonNode {
	if n.kind != '{' || depth == 0 {
		return n
	}
	kept := jsonNode{kind: n.kind}
	for i, name := range n.keys {
		if n.items[i].kind == 'n' {
			continue
		}
		kept.keys = append(kept.keys, name)
		if name == RawMember {
			kept.items = append(kept.items, n.items[i])
			continue
		}
		kept.items = append(kept.items, withoutNulls(n.items[i], depth-1))
	}
	return kept
}

// RawMember is the member of the case family's alert that holds the payload of
// the sender.
const RawMember = "raw"

// MemberBytes is one member of a JSON object byte for byte as it stands there,
// nil where it is missing. The object must have passed CheckJSON.
func MemberBytes(object []byte, name string) []byte {
	p := jsonParser{data: object, limits: payloadLimits.filled()}
	p.space()
	if p.peek() != '{' {
		return nil
	}
	p.pos++
	for p.space(); p.peek() == '"'; p.space() {
		key, err := p.string(true)
		if err != nil {
			return nil
		}
		p.space()
		p.pos++ // the colon
		p.space()
		start := p.pos
		if _, err := p.value(); err != nil {
			return nil
		}
		if key == name {
			return object[start:p.pos]
		}
		if p.space(); p.peek() == ',' {
			p.pos++
		}
	}
	return nil
}
