package declared

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"vedette/backend/playbook"
	"vedette/backend/soc"
)

// linter collects every problem of a declaration instead of stopping at the
// first.
type linter struct {
	lines playbook.Lines
	found []playbook.Problem
}

func (l *linter) bad(path, format string, args ...any) {
	l.found = append(l.found, playbook.Problem{Path: path, Line: l.lines.Line(path), Message: fmt.Sprintf(format, args...)})
}

func (l *linter) product(file declaration) *product {
	p := &product{title: file.Title, auth: file.Auth, keyHeader: file.KeyHeader, acts: map[string]compiledAct{}, probes: map[string]compiledProbe{}}
	if file.Format != Format {
		l.bad("format", "must be %s", Format)
	}
	if file.Title == "" || len(file.Title) > 100 || strings.ContainsFunc(file.Title, unicode.IsControl) {
		l.bad("title", "must name the product in at most 100 bytes")
	}
	p.base = l.url("base_url", file.BaseURL)
	l.auth(file.Auth)
	if file.KeyHeader != "" {
		l.header("key_header", file.KeyHeader, file.Auth.header())
	}
	for i, t := range file.Targets {
		l.target(fmt.Sprintf("targets[%d]", i), t, p)
	}
	for i, a := range file.Playbooks {
		l.act(fmt.Sprintf("playbooks[%d]", i), a, p, file.reserved())
	}
	for i, q := range file.Probes {
		l.probe(fmt.Sprintf("probes[%d]", i), q, p, file.reserved())
	}
	for i, q := range file.Check {
		l.question(fmt.Sprintf("check[%d]", i), q, p, file.reserved())
	}
	l.promises(p)
	return p
}

// promises holds the declaration against what the catalogue promises of its
// playbooks (S23, S24).
func (l *linter) promises(p *product) {
	if len(p.playbooks) == 0 {
		l.bad("playbooks", "declares no playbook")
	}
	if len(p.questions) == 0 {
		l.bad("check", "declares no read by which to tell whether the connector works")
	}
	reads := map[string]bool{}
	for _, id := range p.playbooks {
		q, _ := playbook.Shipped().Lookup(id)
		if q.Rollback != "" && !slices.Contains(p.playbooks, q.Rollback) {
			l.bad("playbooks", "%s promises that %s undoes it, which is not declared", id, q.Rollback)
		}
		if !slices.ContainsFunc(p.targets, func(t compiledTarget) bool { return slices.Contains(q.EntityKinds, t.kind) }) {
			l.bad("targets", "says of no kind that %s acts on how the product knows it", id)
		}
		if q.Probe == nil {
			continue
		}
		reads[q.Probe.Operation] = true
		switch read, declared := p.probes[q.Probe.Operation]; {
		case !declared:
			l.bad("probes", "%s is read back by %s, which is not declared", id, q.Probe.Operation)
		case !slices.ContainsFunc(read.states, func(s compiledState) bool { return s.word == q.Probe.Expect }):
			l.bad("probes", "%s has no state %q, which %s is to end in", q.Probe.Operation, q.Probe.Expect, id)
		}
	}
	for operation := range p.probes {
		if !reads[operation] {
			l.bad("probes", "%s reads back none of the declared playbooks", operation)
		}
	}
}

func (l *linter) url(at, text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(text, "{}") {
		l.bad(at, "must be a scheme, a host and perhaps a path; it holds no reference")
	}
	return strings.TrimRight(text, "/")
}

func (l *linter) auth(a auth) {
	switch a.Type {
	case "oauth2":
		l.url("auth.token_url", a.TokenURL)
		if a.Header != "" || a.Prefix != "" {
			l.bad("auth", "header and prefix belong to a key")
		}
	case "key":
		if a.TokenURL != "" || len(a.Scopes) > 0 || a.InHeader {
			l.bad("auth", "token_url, scopes and in_header belong to oauth2")
		}
		if a.Header != "" && !strings.EqualFold(a.Header, "Authorization") {
			l.header("auth.header", a.Header)
		}
		if !visible(a.Prefix) {
			l.bad("auth.prefix", "must be printable ASCII")
		}
	default:
		l.bad("auth.type", "must be oauth2 or key")
	}
}

// header is the name of the header that carries a key.
func (a auth) header() string {
	if a.Header != "" {
		return a.Header
	}
	return "Authorization"
}

// reserved are the headers that requests may not set.
func (d declaration) reserved() []string { return []string{d.Auth.header(), d.KeyHeader} }

// hands are headers that belong to the connection or to this package.
var hands = []string{
	"Accept", "Accept-Encoding", "Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Cookie", "Expect", "Forwarded",
	"Host", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Via", "X-Forwarded-Host",
}

var headerForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

func (l *linter) header(at, name string, reserved ...string) {
	canonical := http.CanonicalHeaderKey(name)
	taken := slices.ContainsFunc(reserved, func(r string) bool { return strings.EqualFold(r, name) })
	if !headerForm.MatchString(name) || slices.Contains(hands, canonical) || taken {
		l.bad(at, "%q cannot be set by a declaration", name)
	}
}

func visible(s string) bool {
	return len(s) <= 500 && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func (l *linter) target(at string, t target, p *product) {
	form, err := regexp.Compile(`^(?:` + t.Form + `)$`)
	switch {
	case !slices.Contains(soc.AllEntityKinds, soc.EntityKind(t.Kind)):
		l.bad(at+".kind", "%q is no kind of entity", t.Kind)
	case t.Property == "":
		l.bad(at+".property", "must name a property of the entity")
	case t.Form == "" || err != nil:
		l.bad(at+".form", "must be a regular expression for the whole value")
	default:
		p.targets = append(p.targets, compiledTarget{kind: soc.EntityKind(t.Kind), property: t.Property, form: form})
	}
}

// Methods of calls.
var (
	acting  = []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	reading = []string{http.MethodGet}
)

func (l *linter) request(at string, r request, methods, known, reserved []string) compiledRequest {
	c := compiledRequest{method: r.Method, query: map[string]template{}, headers: map[string]string{}}
	if !slices.Contains(methods, r.Method) {
		l.bad(at+".method", "must be one of %s", strings.Join(methods, ", "))
	}
	if !strings.HasPrefix(r.Path, "/") {
		l.bad(at+".path", "must begin with /; it follows base_url")
	}
	for segment := range strings.SplitSeq(strings.TrimPrefix(r.Path, "/"), "/") {
		t, err := parse(segment)
		if err != nil || segment == "" || strings.Trim(segment, ".;") == "" || strings.ContainsAny(segment, `?#\% `) {
			l.bad(at+".path", "%q cannot be a segment: no query, fragment, escape or empty part stands in a path", segment)
		}
		c.segments = append(c.segments, t)
	}
	for name, text := range r.Query {
		t, err := parse(text)
		if err != nil || name == "" || !visible(name) {
			l.bad(at+".query", "%s: %v", name, err)
		}
		c.query[name] = t
	}
	for name, value := range r.Headers {
		l.header(at+".headers", name, reserved...)
		if !visible(value) || strings.ContainsAny(value, "{}") {
			l.bad(at+".headers", "%s must be printable ASCII without references", name)
		}
		c.headers[name] = value
	}
	if r.Body != nil {
		left := maxNodes
		body, err := grow(r.Body, 0, &left)
		if err != nil {
			l.bad(at+".body", "%v", err)
		}
		if c.body = &body; r.Method == http.MethodGet {
			l.bad(at+".body", "a GET has no body")
		}
	}
	l.known(at, c.references(), known)
	return c
}

func (l *linter) known(at string, names, known []string) {
	for _, name := range names {
		if !slices.Contains(known, name) {
			l.bad(at, "{%s} refers to nothing; known are %s", name, strings.Join(known, ", "))
		}
	}
}

func (l *linter) equals(at string, list []equal, known []string) []comparison {
	var out []comparison
	for i, e := range list {
		where := fmt.Sprintf("%s[%d]", at, i)
		p, err := parsePath(e.Path)
		if err != nil {
			l.bad(where+".path", "%v", err)
		}
		left := 1
		want, err := grow(e.Value, 0, &left)
		if err != nil || want.object != nil || want.list != nil {
			l.bad(where+".value", "must be a text, an integer or a boolean")
		}
		l.known(where+".value", want.references(), known)
		out = append(out, comparison{p, want})
	}
	return out
}

// answer checks a kind of answer to an act or a check: a 200 is told by what it
// says, since login pages and errors come with 200 too.
func (l *linter) answer(at string, a answer, known []string) compiledAnswer {
	if len(a.Status) == 0 {
		l.bad(at+".status", "must list the statuses")
	}
	for _, status := range a.Status {
		if status < 200 || status > 299 {
			l.bad(at+".status", "%d is no success; other statuses are judged already", status)
		}
		if (status == http.StatusOK || status == http.StatusNonAuthoritativeInfo) && len(a.Equals) == 0 {
			l.bad(at, "a %d is told by what it says: state equals", status)
		}
	}
	return compiledAnswer{status: a.Status, equals: l.equals(at+".equals", a.Equals, known)}
}
