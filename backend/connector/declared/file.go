package declared

import (
	"cmp"
	_ "embed" // the example
	"errors"
	"fmt"
	"slices"
	"strings"

	"vedette/backend/playbook"
	"vedette/backend/soc"
)

// Format is the first member of every declaration.
const Format = "vedette.connector.v1"

//go:embed example.yaml
var example string

// Example is a declaration to start from.
func Example() string { return example }

// declaration and the types below are the members of the file.
type declaration struct {
	Format    string     `yaml:"format"`
	Title     string     `yaml:"title"`
	BaseURL   string     `yaml:"base_url"`
	Auth      auth       `yaml:"auth"`
	KeyHeader string     `yaml:"key_header"` // carries the step's idempotency key
	Targets   []target   `yaml:"targets"`
	Playbooks []act      `yaml:"playbooks"`
	Probes    []probe    `yaml:"probes"`
	Check     []question `yaml:"check"`
}

// auth is how the product is told who asks.
type auth struct {
	Type     string   `yaml:"type"` // oauth2 or key
	TokenURL string   `yaml:"token_url"`
	Scopes   []string `yaml:"scopes"`
	InHeader bool     `yaml:"in_header"`
	Header   string   `yaml:"header"` // of a key; default Authorization
	Prefix   string   `yaml:"prefix"` // before the key, e.g. "Bearer "
}

// target is how the product knows the entities of a kind.
type target struct {
	Kind     string `yaml:"kind"`
	Property string `yaml:"property"`
	Form     string `yaml:"form"` // a regular expression for the whole value
}

// request is a call. Path, query and body may hold references.
type request struct {
	Method  string            `yaml:"method"`
	Path    string            `yaml:"path"`
	Query   map[string]string `yaml:"query"`
	Headers map[string]string `yaml:"headers"`
	Body    map[string]any    `yaml:"body"`
}

// act is one playbook of the catalogue.
type act struct {
	ID         string      `yaml:"id"`
	Request    request     `yaml:"request"`
	Parameters []parameter `yaml:"parameters"`
	Accept     answer      `yaml:"accept"`
	Decline    []answer    `yaml:"decline"` // successes that say no
	Reference  string      `yaml:"reference"`
	Permission string      `yaml:"permission"`
}

// parameter is what becomes of a parameter of the playbook.
type parameter struct {
	Name  string            `yaml:"name"`
	Words map[string]string `yaml:"words"` // the product's words for ours
	Only  []string          `yaml:"only"`  // what the product can do; all else is refused
}

// answer tells one kind of answer by its status and its JSON.
type answer struct {
	Status []int   `yaml:"status"`
	Equals []equal `yaml:"equals"`
}

// equal compares a member of the answer. Value may hold references.
type equal struct {
	Path  string `yaml:"path"`
	Value any    `yaml:"value"`
}

// probe is one read of the catalogue.
type probe struct {
	Operation string  `yaml:"operation"`
	Request   request `yaml:"request"`
	States    []state `yaml:"states"`
}

// state gives an answer the catalogue's word.
type state struct {
	Word   string  `yaml:"word"`
	Status []int   `yaml:"status"`
	Equals []equal `yaml:"equals"`
}

// question is a read that tells whether the connector works.
type question struct {
	Name       string   `yaml:"name"`
	Request    request  `yaml:"request"`
	Accept     answer   `yaml:"accept"`
	Permission string   `yaml:"permission"`
	Playbooks  []string `yaml:"playbooks"`
}

// product is a declaration that was read and found whole.
type product struct {
	title, base string
	auth        auth
	keyHeader   string
	targets     []compiledTarget
	acts        map[string]compiledAct // by operation of the catalogue
	probes      map[string]compiledProbe
	questions   []compiledQuestion
	playbooks   []string
}

// load reads a declaration. What is wrong with it is VALIDATION_ERROR on the
// member declaration, every problem with its line: the text quotes the file and
// is for who wrote it.
func load(text string) (*product, error) {
	var file declaration
	lines, err := playbook.ReadStrict([]byte(text), &file)
	if err != nil {
		var many *playbook.FileError
		if errors.As(err, &many) {
			return nil, problems(many.Problems)
		}
		return nil, err
	}
	l := linter{lines: lines}
	made := l.product(file)
	if len(l.found) > 0 {
		return nil, problems(l.found)
	}
	return made, nil
}

// shownProblems is how many problems one answer lists.
const shownProblems = 20

func problems(found []playbook.Problem) error {
	slices.SortStableFunc(found, func(a, b playbook.Problem) int { return cmp.Compare(a.Line, b.Line) })
	var text []string
	for _, p := range found[:min(len(found), shownProblems)] {
		text = append(text, strings.TrimSpace(fmt.Sprintf("line %d: %s %s", p.Line, p.Path, p.Message)))
	}
	return soc.InvalidField("declaration", "%s", strings.Join(text, "; "))
}
