package schemas

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Example is a value that a schema of this package takes, for a document that
// shows people what a request or an answer looks like. It is made of the schema,
// which is made of the Go type, so it cannot tell of a member that is none; whole
// asks for optional members too, as answers have them. ok is false where a
// required member has a form that no example is known for.
func Example(schema json.RawMessage, whole bool) (value any, ok bool) {
	var root map[string]any
	if json.Unmarshal(schema, &root) != nil {
		return nil, false
	}
	return exampleOf{whole}.value("", root)
}

type exampleOf struct{ whole bool }

func (e exampleOf) value(name string, schema map[string]any) (any, bool) {
	for _, choice := range []string{"anyOf", "oneOf", "allOf"} {
		if branches, found := schema[choice].([]any); found && len(branches) > 0 {
			first, _ := branches[0].(map[string]any)
			return e.value(name, first)
		}
	}
	for _, list := range []string{"examples", "enum"} {
		if values, found := schema[list].([]any); found && len(values) > 0 {
			return values[0], true
		}
	}
	switch schema["type"] {
	case "object":
		return e.object(schema)
	case "array":
		return e.array(name, schema)
	case "boolean":
		return false, true
	case "integer", "number":
		if least, found := schema["minimum"].(float64); found && least > 0 {
			return least, true
		}
		if most, found := schema["maximum"].(float64); found && most < 1 {
			return most, true
		}
		return 1, true
	case "string":
		return text(name, schema)
	}
	return nil, false
}

func (e exampleOf) object(schema map[string]any) (any, bool) {
	out := map[string]any{}
	members, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		needed := slices.Contains(required, any(name))
		member, _ := members[name].(map[string]any)
		if !needed && !e.whole && member["examples"] == nil {
			continue
		}
		value, ok := e.value(name, member)
		if !ok && needed {
			return nil, false
		}
		if ok {
			out[name] = value
		}
	}
	return out, true
}

// array has one entry, or as many as there must be, or none where an entry has
// no example and none must be.
func (e exampleOf) array(name string, schema map[string]any) (any, bool) {
	items, _ := schema["items"].(map[string]any)
	least, _ := schema["minItems"].(float64)
	if most, bounded := schema["maxItems"].(float64); bounded && most < 1 {
		return []any{}, true
	}
	entry, ok := e.value(singular(name), items)
	if !ok || least > 1 && schema["uniqueItems"] == true {
		return []any{}, least == 0
	}
	out := []any{entry}
	for len(out) < int(least) {
		out = append(out, entry)
	}
	return out, true
}

func singular(name string) string {
	return strings.TrimSuffix(name, "s")
}

// samples are texts that members of a name hold, by the name's letters alone. A
// schema that does not take one gets a plainer text.
var samples = map[string]string{
	"id": "INC-7K2M9Q", "incidentid": "INC-7K2M9Q", "shortid": "INC-7K2M9Q", "caseid": "case_01JB4Q2ZK8W3M5X7Y9A1B2C3D4", "gamebookid": "GB-7K2M9Q",
	"actionid": "ACT-9D3TX1", "alertid": "ALR-3H8W5D", "entityid": "ENT-4F7KQN", "evidenceid": "E12", "triageid": "triage-5kq2x7d9mv",
	"playbookid": "isolate_host", "playbook": "custom_phishing", "action": "isolate_host", "sopid": "sop-phishing",
	"title": "Sign-in from an unusual country", "description": "Two sign-ins within an hour, 4000 km apart.", "reason": "The host answers nothing else.",
	"comment": "Looked at, see [E12].", "message": "Looked at, see [E12].", "body": "Looked at, see [E12].", "content": "Looked at, see [E12].",
	"name": "WS-042", "displayname": "WS-042", "hostname": "WS-042", "value": "203.0.113.7", "ip": "203.0.113.7", "email": "a@example.com", "useremail": "a@example.com",
	"source": "wazuh", "url": "https://hooks.example.com/in", "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "requestid": "0HN8Q3V0001", "number": "INC-2026-0042",
	"incidentnumber": "INC-2026-0042", "incidenttype": "phishing", "type": "phishing", "externalid": "a-1", "technique": "T1078", "by": "person:a@example.com",
	"query": "Evidence | where Entity == \"WS-042\" | take 10", "resolution": "A drill of the security team, see [E12].", "rootcause": "A drill.",
}

// plainTexts are tried where a name tells nothing, or a form rules it out.
var plainTexts = []string{
	"text", "phishing", "RUN_TAINTED", "E12", "1", "PT1H", "a", "INC-7K2M9Q", "GB-7K2M9Q", "6eca0b1e-3c1a-4a6e-9a57-0c7f0c1f2d3e",
}

// text is a string of the form that a schema wants.
func text(name string, schema map[string]any) (any, bool) {
	if format, found := schema["format"].(string); found {
		value, known := formatExamples[format]
		return value, known
	}
	candidates := plainTexts
	if sample, known := samples[strings.ReplaceAll(strings.ToLower(name), "_", "")]; known {
		candidates = append([]string{sample}, plainTexts...)
	}
	if least, found := schema["minLength"].(float64); found {
		candidates = append(slices.Clone(candidates), strings.Repeat("x", int(least)))
	}
	for _, candidate := range candidates {
		if takes(schema, candidate) {
			return candidate, true
		}
	}
	return nil, false
}

func takes(schema map[string]any, value string) bool {
	n := float64(utf8.RuneCountInString(value))
	if least, found := schema["minLength"].(float64); found && n < least {
		return false
	}
	if most, found := schema["maxLength"].(float64); found && n > most {
		return false
	}
	pattern, found := schema["pattern"].(string)
	if !found {
		return true
	}
	form, err := regexp.Compile(pattern)
	return err == nil && form.MatchString(value)
}
