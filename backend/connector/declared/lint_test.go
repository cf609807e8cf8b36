package declared

import (
	"errors"
	"strings"
	"testing"

	"vedette/backend/soc"
)

// describe is what an admin is told.
func describe(err error) string {
	var refused *soc.Error
	if !errors.As(err, &refused) {
		return err.Error()
	}
	return strings.Join(refused.Fields["declaration"], "; ")
}

// TestDeclarationProblemsAreNamed changes one thing of a whole declaration and
// wants the problem named with its line.
func TestDeclarationProblemsAreNamed(t *testing.T) {
	good := strings.ReplaceAll(Example(), "https://firewall.example.com", "https://fw.example")
	if _, err := load(good); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ old, new, want string }{
		{"format: vedette.connector.v1", "format: vedette.connector.v9", "line 8: format must be"},
		{"title: Edge firewall", "titel: Edge firewall", "titel"},
		{"title: Edge firewall", "title: &t Edge firewall", "anchors"},
		{"https://fw.example/api", "https://{target}/api", "base_url"},
		{"https://fw.example/api", "https://u:p@fw.example/api", "base_url"},
		{"https://fw.example/api", "ftp://fw.example/api", "base_url"},
		{"type: oauth2", "type: basic", "auth.type"},
		{"token_url: https://fw.example/login/token", "token_url: login", "token_url"},
		{"scopes: [blocklist]", "header: X-Key", "belong to a key"},
		{"key_header: Idempotency-Key", "key_header: Host", `"Host" cannot be set`},
		{"headers: {X-Client: vedette}", "headers: {Authorization: x}", `"Authorization" cannot be set`},
		{"headers: {X-Client: vedette}", "headers: {Idempotency-Key: x}", "cannot be set"},
		{"headers: {X-Client: vedette}", `headers: {X-Client: "{target}"}`, "without references"},
		{"kind: ip", "kind: address", "no kind of entity"},
		{`form: "[0-9a-f.:]+"`, `form: "["`, "regular expression"},
		{"id: block_ip", "id: block_everything", "no playbook"},
		{"id: block_ip", "id: add_comment", "no playbook"},
		{"method: POST", "method: GET", "POST, PUT"},
		{"method: GET, path: /v1/zones/edge}", "method: POST, path: /v1/zones/edge}", "must be one of GET"},
		{"path: /v1/zones/edge/entries\n", "path: /v1/zones/../entries\n", "cannot be a segment"},
		{"path: /v1/zones/edge/entries\n", "path: /v1/zones?x=1\n", "cannot be a segment"},
		{"path: /v1/zones/edge/entries\n", "path: v1\n", "must begin with /"},
		{`address: "{target}", direction`, `address: "{traget}", direction`, "{traget} refers to nothing"},
		{`address: "{target}", direction`, `address: "{target", direction`, "begins a reference"},
		{`address: "{target}", direction`, `"{target}": x, direction`, "names of members"},
		{`path: "/v1/zones/edge/entries/{target}"}`, `path: "/v1/zones/edge/entries"}`, "{target} is missing"},
		{`hours: "{duration_hours}"`, `hours: 1`, "duration_hours is neither sent nor limited"},
		{"{both: any, inbound: in}", "{both: any, sideways: in}", "may hold only"},
		{"name: direction, words", "name: colour, words", "has no parameter"},
		{"status: [200, 202], equals: [{path: result.state, value: accepted}, {path: result.address, value: \"{target}\"}]", "status: [200]", "told by what it says"},
		{"status: [204]", "status: [302]", "no success"},
		{"reference: result.ids[0]", `reference: "$..ids"`, "must be a path"},
		{"{word: open, status: [404], equals: [{path: error.code, value: 1404}]}", "{word: open, status: [404]}", "state equals"},
		{"{word: open, status: [404]", "{word: open, status: [500]", "200, 404 and 410"},
		{"word: blocked", "word: shut", "no state \"blocked\""},
		{"operation: address.state", "operation: address.colour", "address.state, which is not declared"},
		{"id: unblock_ip", "id: block_ip", "declared twice"},
		{"name: read entries", "name: \"\"", "must be a name"},
		{"value: true", "value: 1.5", "fractions"},
	} {
		if !strings.Contains(good, test.old) {
			t.Fatalf("the declaration has no %q", test.old)
		}
		_, err := load(strings.Replace(good, test.old, test.new, 1))
		if err == nil {
			t.Errorf("%q passes", test.new)
			continue
		}
		if !strings.Contains(describe(err), test.want) {
			t.Errorf("%q: %s, want %q", test.new, describe(err), test.want)
		}
	}
}

func TestS24DeclarationKeepsThePromisesOfTheCatalogue(t *testing.T) {
	good := strings.ReplaceAll(Example(), "https://firewall.example.com", "https://fw.example")
	i, j := strings.Index(good, "  - id: unblock_ip"), strings.Index(good, "probes:")
	_, err := load(strings.Replace(good[:i]+good[j:], ", unblock_ip]", "]", 1))
	if err == nil || !strings.Contains(describe(err), "unblock_ip undoes it") {
		t.Errorf("without its inverse: %s", describe(err))
	}
}
