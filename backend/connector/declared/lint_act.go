package declared

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"vedette/backend/playbook"
	"vedette/backend/soc"
)

func (l *linter) act(at string, a act, p *product, reserved []string) {
	entry, shipped := playbook.Shipped().Lookup(a.ID)
	if !shipped || entry.Internal {
		l.bad(at+".id", "%q is no playbook that a connector carries out", a.ID)
		return
	}
	if slices.Contains(p.playbooks, a.ID) {
		l.bad(at+".id", "%s is declared twice", a.ID)
	}
	known := []string{"target", "key"}
	for _, q := range entry.Parameters {
		known = append(known, q.Name)
	}
	c := compiledAct{entry: entry, parameters: map[string]parameter{}, permission: a.Permission}
	c.request = l.request(at+".request", a.Request, acting, known, reserved)
	sent := c.request.references()
	if !slices.Contains(sent, "target") {
		l.bad(at+".request", "does not say on what to act: {target} is missing")
	}
	l.parameters(at, a.Parameters, entry, sent, &c)
	c.accept = l.answer(at+".accept", a.Accept, known)
	for i, d := range a.Decline {
		where := fmt.Sprintf("%s.decline[%d]", at, i)
		if len(d.Equals) == 0 {
			l.bad(where, "a success that declines is told by what it says: state equals")
		}
		c.decline = append(c.decline, l.answer(where, d, known))
	}
	if a.Reference != "" {
		reference, err := parsePath(a.Reference)
		if err != nil {
			l.bad(at+".reference", "%v", err)
		}
		c.reference = reference
	}
	if c.permission == "" {
		c.permission = "the permission for " + a.ID
	}
	p.playbooks = append(p.playbooks, a.ID)
	p.acts[entry.Operation] = c
}

// parameters sees to it that none that people approve is dropped in silence.
func (l *linter) parameters(at string, list []parameter, entry soc.Playbook, sent []string, c *compiledAct) {
	for i, q := range list {
		where := fmt.Sprintf("%s.parameters[%d]", at, i)
		at := slices.IndexFunc(entry.Parameters, func(e soc.Parameter) bool { return e.Name == q.Name })
		if at < 0 {
			l.bad(where+".name", "%s has no parameter %q", entry.ID, q.Name)
			continue
		}
		declared := entry.Parameters[at]
		words := append(slices.Collect(maps.Keys(q.Words)), q.Only...)
		switch {
		case (len(q.Words) > 0) == (len(q.Only) > 0):
			l.bad(where, "states either words or only")
		case len(q.Words) > 0 && !slices.Contains(sent, q.Name):
			l.bad(where, "{%s} is not in the request, so its words reach nobody", q.Name)
		case len(q.Words) > 0 && declared.Type != "string":
			l.bad(where+".words", "belong to a text")
		case slices.ContainsFunc(words, func(w string) bool { return len(declared.Enum) > 0 && !slices.Contains(declared.Enum, w) }):
			l.bad(where, "may hold only %s", strings.Join(declared.Enum, ", "))
		}
		c.parameters[q.Name] = q
	}
	for _, e := range entry.Parameters {
		if _, limited := c.parameters[e.Name]; !limited && !slices.Contains(sent, e.Name) {
			l.bad(at, "the parameter %s is neither sent nor limited: write {%s} into the request, or say under parameters what the product can do", e.Name, e.Name)
		}
	}
}

// tells are the statuses by which a read may tell a state: what is not there is a
// state too.
var tells = []int{http.StatusOK, http.StatusNotFound, http.StatusGone}

func (l *linter) probe(at string, q probe, p *product, reserved []string) {
	known := []string{"target", "key"}
	c := compiledProbe{request: l.request(at+".request", q.Request, reading, known, reserved)}
	if q.Operation == "" || len(p.probes[q.Operation].states) > 0 {
		l.bad(at+".operation", "must name a read of the catalogue, once")
	}
	if len(c.request.references()) == 0 {
		l.bad(at+".request", "does not say of what to read: {target} is missing")
	}
	for i, s := range q.States {
		where := fmt.Sprintf("%s.states[%d]", at, i)
		if s.Word == "" || len(s.Word) > 64 || strings.ContainsFunc(s.Word, unicode.IsControl) {
			l.bad(where+".word", "must be a word of at most 64 bytes")
		}
		if len(s.Status) == 0 || slices.ContainsFunc(s.Status, func(status int) bool { return !slices.Contains(tells, status) }) {
			l.bad(where+".status", "must list statuses among 200, 404 and 410")
		}
		if len(s.Equals) == 0 {
			l.bad(where, "a state is told by what the answer says: state equals")
		}
		c.states = append(c.states, compiledState{word: s.Word, answer: compiledAnswer{status: s.Status, equals: l.equals(where+".equals", s.Equals, known)}})
	}
	if len(q.States) == 0 {
		l.bad(at+".states", "tells no state")
	}
	p.probes[q.Operation] = c
}

func (l *linter) question(at string, q question, p *product, reserved []string) {
	if q.Name == "" || len(q.Name) > 64 || strings.ContainsFunc(q.Name, unicode.IsControl) {
		l.bad(at+".name", "must be a name of at most 64 bytes")
	}
	for _, id := range q.Playbooks {
		if !slices.Contains(p.playbooks, id) {
			l.bad(at+".playbooks", "%q is not declared", id)
		}
	}
	p.questions = append(p.questions, compiledQuestion{
		name: q.Name, request: l.request(at+".request", q.Request, reading, nil, reserved), accept: l.answer(at+".accept", q.Accept, nil),
		permission: q.Permission, playbooks: q.Playbooks,
	})
}
