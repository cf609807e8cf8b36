package webtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// badInput asks one route, as somebody who may call it, for everything the
// conventions of the contracts refuse, made from the route's own schemas: each
// must be refused in the family's words, leave no row, and never be a 5xx.
type badInput struct {
	house      *House
	t          *testing.T
	family     *web.Family
	route      web.Route
	example    Example
	credential string
}

// badInputs goes over every route of a family.
func (h *House) badInputs(t *testing.T, family *web.Family, examples map[string]Example) {
	for _, route := range h.Registry.Routes() {
		example, known := examples[route.Method+" "+route.Path]
		if route.Family != family.Name || !known {
			continue
		}
		t.Run("bad input/"+route.Method+" "+route.Path, func(t *testing.T) {
			b := &badInput{house: h, t: t, family: family, route: route, example: example}
			switch route.Who {
			case web.Scoped, web.Signed:
				b.credential = h.Bearer(Key{Role: soc.RoleAdmin, Scopes: soc.AllScopes})
			case web.Person:
				role := soc.RoleManager
				if route.MinRole.AtLeast(role) {
					role = route.MinRole
				}
				b.credential = h.Cookie(h.First, role)
			}
			b.methods()
			b.headers()
			b.query()
			b.path()
			b.body()
		})
	}
}

// ask sends one bad request. A second or two pass before each, so that no rate
// class of the family stands in the way.
func (b *badInput) ask(what string, want []int, method, target, body string, headers ...string) {
	b.t.Helper()
	b.house.Advance(2500 * time.Millisecond)
	if b.credential != "" && !slices.ContainsFunc(headers, func(h string) bool { return strings.HasPrefix(h, "Authorization: ") }) {
		headers = append(headers, b.credential)
	}
	before := b.house.Count()
	w := b.house.Ask(method, target, body, headers...)
	if w.Code >= 500 || !slices.Contains(want, w.Code) {
		b.t.Errorf("%s: %s %.120s: %d %.300s, want %v", what, method, target, w.Code, w.Body, want)
	}
	recorded := 0
	switch w.Code {
	case 400, 401, 403, 404, 413, 415:
		recorded = 1 // a refusal is on record at most once
	}
	if after := b.house.Count(); after.Jobs != before.Jobs || after.Audit > before.Audit+recorded {
		b.t.Errorf("%s: %d left rows: %+v, then %+v", what, w.Code, before, after)
	}
	if w.Code >= 400 && method != http.MethodHead && (w.Body.Len() == 0 || CodeOf(b.t, w) == "") {
		b.t.Errorf("%s: no error body of the family: %s", what, w.Body)
	}
}

// methods tries those that the path does not have.
func (b *badInput) methods() {
	has := map[string]bool{http.MethodHead: true}
	for _, route := range b.house.Registry.Routes() {
		if route.Path == b.route.Path {
			has[route.Method] = true
		}
	}
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} {
		if !has[method] {
			b.ask("a wrong method", []int{405}, method, b.example.Target, "")
		}
	}
}

func (b *badInput) own(what string, want []int, body string, headers ...string) {
	b.t.Helper()
	b.ask(what, want, b.route.Method, b.example.Target, body, append(slices.Clone(b.example.Headers), headers...)...)
}

// elsewhere names a workspace, in place of the one that the example names.
func (b *badInput) elsewhere(what string, want int, workspace string) {
	b.t.Helper()
	const header = "Vedette-Workspace: "
	headers := slices.DeleteFunc(slices.Clone(b.example.Headers), func(h string) bool { return strings.HasPrefix(h, header) })
	b.ask(what, []int{want}, b.route.Method, b.example.Target, b.example.Body, append(headers, header+workspace)...)
}

// headers are refused before anything is read.
func (b *badInput) headers() {
	refusedMedia := []int{415}
	if strings.HasPrefix(b.credential, "Cookie: ") && b.route.Write {
		refusedMedia = []int{403, 415} // a form could have sent it
	}
	b.own("a wrong media type", refusedMedia, "x", "Content-Type: text/x-unknown")
	b.own("another charset", refusedMedia, "x", "Content-Type: application/json; charset=utf-16")
	b.own("a compressed body", []int{415}, b.example.Body, "Content-Encoding: gzip")
	if b.route.Who != web.Anyone && strings.HasPrefix(b.credential, "Authorization: ") {
		b.own("two credentials", []int{400}, b.example.Body, b.credential, "Authorization: Bearer vdt_service_other")
		for _, token := range []string{"Bearer", "Bearer \x01", "Bearer " + strings.Repeat("x", 300), "Digest x", "Basic !!", "x"} {
			b.own("a malformed credential", []int{401}, b.example.Body, "Authorization: "+token)
		}
	}
	if b.route.InWorkspace() && !b.family.WorkspaceInPath {
		b.elsewhere("a malformed workspace", 400, "first")
		b.elsewhere("a foreign workspace", 404, b.house.Foreign)
	}
	if b.route.Write && b.route.Who != web.Anyone {
		for _, key := range []string{`"`, "a b", strings.Repeat("k", 256), `a"b`, "\x7f"} {
			b.own("a malformed idempotency key", []int{400, 404}, b.example.Body, "Idempotency-Key: "+key)
		}
	}
}

// query is every parameter wrong, and one that does not exist.
func (b *badInput) query() {
	with := func(what, query string) {
		target := b.example.Target + "?" + query
		if strings.Contains(b.example.Target, "?") {
			target = b.example.Target + "&" + query
		}
		b.ask(what, []int{400}, b.route.Method, target, b.example.Body, b.example.Headers...)
	}
	with("an unknown parameter", "no_such_parameter=1")
	with("a token in the query", "access_token=x")
	with("a query that is none", "%zz")
	var schema struct {
		Properties map[string]map[string]any `json:"properties"`
	}
	if err := json.Unmarshal(b.route.QuerySchema, &schema); err != nil {
		b.t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name]
		if items, list := property["items"].(map[string]any); list {
			property = items
		} else {
			with("a repeated parameter", name+"=1&"+name+"=1")
		}
		with("U+0000 in a parameter", name+"=%00")
		with("bytes that are no text", name+"=%ff")
		switch {
		case property["enum"] != nil:
			with("an unknown word", name+"=no_such_word")
		case property["type"] == "integer":
			for _, number := range []string{"1.0", "+1", "01", "1e3", "x", "99999999999999999999"} {
				with("no integer", name+"="+number)
			}
		case property["type"] == "boolean":
			with("no boolean", name+"=yes")
		case property["format"] == "date-time":
			with("no time", name+"=2026-05-14")
		}
	}
	if b.route.Paged && schema.Properties[b.family.PageToken] != nil {
		with("a hand-made page token", b.family.PageToken+"=AAAA")
	}
}

// path replaces what stands in the place of each parameter.
func (b *badInput) path() {
	path, _, _ := strings.Cut(b.example.Target, "?")
	sent, pattern := strings.Split(path, "/"), strings.Split(b.route.Path, "/")
	for i, segment := range pattern {
		if !strings.HasPrefix(segment, "{") || len(sent) != len(pattern) {
			continue
		}
		for value, want := range map[string][]int{
			"%00": {400, 403, 404}, "%ff": {400, 403, 404}, strings.Repeat("x", 4000): {400, 403, 404},
			// Text that names nothing; an agent tool says so in an answer of its own.
			"..%2F..%2Fetc": {200, 400, 403, 404}, "%2e%2e": {200, 400, 403, 404}, "%F0%9F%92%A9": {200, 400, 403, 404}, "'%20OR%201=1--": {200, 400, 403, 404},
		} {
			target := slices.Clone(sent)
			target[i] = value
			b.ask("a bad "+segment, want, b.route.Method, strings.Join(target, "/"), b.example.Body, b.example.Headers...)
		}
	}
}

// body is JSON that is none, or too much of it. Bodies that an operation reads
// itself are its own business beyond their size.
func (b *badInput) body() {
	if b.route.BodyType != nil && b.route.BodySchema == nil || b.route.Method == http.MethodGet {
		return
	}
	for what, body := range map[string]string{
		"half a body": `{`, "an array": `[]`, "a word": `"x"`, "a number": `1`, "trailing bytes": `{} {}`, "not JSON": `{a:1}`,
		"NaN": `{"a":NaN}`, "an unknown member": `{"no_such_member":1}`, "a duplicate key": `{"a":1,"a":2}`, "U+0000": `{"a":"\u0000"}`,
		"a lone surrogate": `{"a":"\ud800"}`, "bytes that are no text": "{\"a\":\"\xff\"}", "a byte order mark": "\xef\xbb\xbf{",
		"depth": `{"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`, "too many values": `{"a":[` + strings.Repeat("1,", 60_000) + `1]}`,
	} {
		b.own(what, []int{400}, body)
	}
	if b.route.MaxBody <= 2*web.DefaultMaxBody {
		b.own("an oversize body", []int{413}, `{"a":"`+strings.Repeat("x", int(b.route.MaxBody))+`"}`)
	}
}
