package playbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"vedette/backend/soc"
)

// Format is the first line of every catalogue file.
const Format = "vedette.catalogue.v1"

// MaxFileSize is the largest catalogue file in bytes (ops-api.md section 10).
const MaxFileSize = 256 << 10

// maxPlaybooks bounds a catalogue; a page of it must stay readable by people.
const maxPlaybooks = 500

// Problem is one thing wrong with a catalogue file.
type Problem struct {
	// Path is the member, e.g. playbooks[3].probe; empty for the whole file.
	Path string `json:"path"`
	// Line counts from 1; 0 when the problem has no line.
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// FileError lists everything that is wrong with a file, in line order. It is
// meant for the person who wrote the file and quotes from it.
type FileError struct{ Problems []Problem }

func (e *FileError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = fmt.Sprintf("line %d: %s", p.Line, p.Message)
		if p.Path != "" {
			lines[i] = fmt.Sprintf("line %d: %s: %s", p.Line, p.Path, p.Message)
		}
	}
	return "catalogue: " + strings.Join(lines, "; ")
}

// fileCatalogue and the types below are the file's members, in snake case.
type fileCatalogue struct {
	Format    string         `yaml:"format"`
	Playbooks []filePlaybook `yaml:"playbooks"`
}

type filePlaybook struct {
	ID                 string          `yaml:"id,omitempty"`
	Version            int             `yaml:"version,omitempty"`
	Name               string          `yaml:"name,omitempty"`
	Description        string          `yaml:"description,omitempty"`
	Class              string          `yaml:"class,omitempty"`
	Impact             string          `yaml:"impact,omitempty"`
	EntityKinds        []string        `yaml:"entity_kinds,omitempty"`
	RequiredProperties []string        `yaml:"required_properties,omitempty"`
	Parameters         []fileParameter `yaml:"parameters,omitempty"`
	Operation          string          `yaml:"operation,omitempty"`
	Probe              *fileProbe      `yaml:"probe,omitempty"`
	Rollback           string          `yaml:"rollback,omitempty"`
	RecoveryWindow     int64           `yaml:"recovery_window_s,omitempty"`
	AutoRevert         int64           `yaml:"auto_revert_s,omitempty"`
	Undo               string          `yaml:"undo,omitempty"`
	Idempotent         *bool           `yaml:"idempotent,omitempty"`
	ConflictsWith      []string        `yaml:"conflicts_with,omitempty"`
	D3FEND             string          `yaml:"d3fend,omitempty"`
	Internal           bool            `yaml:"internal,omitempty"`
}

type fileParameter struct {
	Name        string   `yaml:"name,omitempty"`
	Type        string   `yaml:"type,omitempty"`
	Description string   `yaml:"description,omitempty"`
	Required    bool     `yaml:"required,omitempty"`
	Enum        []string `yaml:"enum,omitempty"`
	Default     string   `yaml:"default,omitempty"`
	MaxLength   int      `yaml:"max_length,omitempty"`
	Minimum     *int64   `yaml:"minimum,omitempty"`
	Maximum     *int64   `yaml:"maximum,omitempty"`
}

type fileProbe struct {
	Operation string `yaml:"operation,omitempty"`
	Expect    string `yaml:"expect,omitempty"`
	Timeout   int64  `yaml:"timeout_s,omitempty"`
	Retries   int    `yaml:"retries,omitempty"`
}

// Load reads a catalogue file of at most MaxFileSize bytes. It returns either a
// catalogue in which every rule holds, or a *FileError that lists every problem
// with its line.
func Load(data []byte) (*Catalogue, error) {
	var file fileCatalogue
	lines, err := ReadStrict(data, &file)
	if err != nil {
		return nil, err
	}
	check := checker{positions: lines}
	c := check.catalogue(file)
	if len(check.problems) > 0 {
		return nil, check.failure()
	}
	return c, nil
}

// Problems are those that an error of Load or With lists, nil for no error.
func Problems(err error) []Problem {
	if file := (*FileError)(nil); errors.As(err, &file) {
		return file.Problems
	}
	return nil
}

// ReadStrict reads a YAML file of at most MaxFileSize bytes as the catalogue is
// read: unknown members fail, and so does what would make the file say something
// else than what a reader sees (strictNode). The error is a *FileError. Lines maps
// the path of a member to its line.
func ReadStrict(data []byte, into any) (Lines, error) {
	return readStrict(data, into, func(Problem) bool { return false })
}

// readStrict is ReadStrict for a kind of file that may hold some of what
// strictNode finds.
func readStrict(data []byte, into any, allowed func(Problem) bool) (Lines, error) {
	switch {
	case len(data) > MaxFileSize:
		return nil, &FileError{[]Problem{{Message: fmt.Sprintf("the file has %d bytes; at most %d are allowed", len(data), MaxFileSize)}}}
	case !utf8.Valid(data):
		return nil, &FileError{[]Problem{{Message: "the file is not UTF-8"}}}
	}
	var root yaml.Node
	if err := yaml.Load(data, &root); err != nil {
		return nil, &FileError{yamlProblems(err)}
	}
	if found := slices.DeleteFunc(strictNode(&root), allowed); len(found) > 0 {
		return nil, &FileError{found}
	}
	if err := yaml.Load(data, into, yaml.WithKnownFields()); err != nil {
		return nil, &FileError{yamlProblems(err)}
	}
	return position(&root), nil
}

// yamlProblems keeps the line of every fault the YAML reader found.
func yamlProblems(err error) []Problem {
	var many *yaml.LoadErrors
	if errors.As(err, &many) && len(many.Errors) > 0 {
		problems := make([]Problem, len(many.Errors))
		for i, e := range many.Errors {
			problems[i] = Problem{Line: e.Mark.Line, Message: e.Message}
		}
		return problems
	}
	var one *yaml.LoadError
	if errors.As(err, &one) {
		return []Problem{{Line: one.Mark.Line, Message: one.Message}}
	}
	return []Problem{{Message: err.Error()}}
}

// fractions begins what is said of a number that is none to hash (D4).
const fractions = "fractions are not allowed"

// strictNode refuses what would make a catalogue say something else than what a
// reader of the file sees: anchors, aliases, merge keys, tags, nulls, and the
// fractions that D4 keeps out of everything that is hashed.
func strictNode(n *yaml.Node) []Problem {
	var found []Problem
	bad := func(format string, args ...any) {
		found = append(found, Problem{Line: n.Line, Message: fmt.Sprintf(format, args...)})
	}
	switch {
	case n.Kind == yaml.AliasNode:
		bad("aliases are not allowed; write the value out")
	case n.Anchor != "":
		bad("anchors are not allowed; write the value out")
	case n.Style&yaml.TaggedStyle != 0:
		bad("tags are not allowed")
	case n.Kind == yaml.ScalarNode:
		switch n.ShortTag() {
		case "!!null":
			bad("a null is not allowed; leave the member out")
		case "!!float":
			bad(fractions + "; write an integer, or quote a text")
		case "!!merge":
			bad("merge keys are not allowed; write the members out")
		}
	}
	if n.Kind != yaml.AliasNode {
		for _, child := range n.Content {
			found = append(found, strictNode(child)...)
		}
	}
	return found
}

// Lines maps a member's path to its line.
type Lines map[string]int

func position(root *yaml.Node) Lines {
	found := Lines{}
	var walk func(path string, n *yaml.Node)
	walk = func(path string, n *yaml.Node) {
		found[path] = n.Line
		switch n.Kind {
		case yaml.DocumentNode:
			for _, child := range n.Content {
				walk(path, child)
			}
		case yaml.SequenceNode:
			for i, child := range n.Content {
				walk(fmt.Sprintf("%s[%d]", path, i), child)
			}
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				walk(strings.TrimPrefix(path+"."+n.Content[i].Value, "."), n.Content[i+1])
			}
		}
	}
	walk("", root)
	return found
}

// Line returns the line of path, or of the nearest thing around it.
func (p Lines) Line(path string) int {
	for {
		if line, ok := p[path]; ok {
			return line
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return p[""]
		}
		path = path[:cut]
	}
}

// playbook turns a checked file entry into the noun; class and hash come later.
func (f filePlaybook) playbook() soc.Playbook {
	p := soc.Playbook{
		ID: f.ID, Version: f.Version, Name: f.Name, Description: f.Description, Impact: soc.Impact(f.Impact),
		RequiredProperties: slices.Clone(f.RequiredProperties), Operation: f.Operation, Rollback: f.Rollback,
		RecoveryWindow: time.Duration(f.RecoveryWindow) * time.Second, AutoRevert: time.Duration(f.AutoRevert) * time.Second,
		Idempotent: f.Idempotent != nil && *f.Idempotent, ConflictsWith: slices.Clone(f.ConflictsWith),
		D3FEND: f.D3FEND, Internal: f.Internal,
	}
	for _, kind := range f.EntityKinds {
		p.EntityKinds = append(p.EntityKinds, soc.EntityKind(kind))
	}
	for _, q := range f.Parameters {
		p.Parameters = append(p.Parameters, q.parameter())
	}
	if f.Probe != nil {
		p.Probe = &soc.Probe{
			Operation: f.Probe.Operation, Expect: f.Probe.Expect,
			Timeout: time.Duration(f.Probe.Timeout) * time.Second, Retries: f.Probe.Retries,
		}
	}
	return p
}

func (q fileParameter) parameter() soc.Parameter {
	p := soc.Parameter{
		Name: q.Name, Type: q.Type, Description: q.Description, Required: q.Required,
		Enum: slices.Clone(q.Enum), Default: q.Default, MaxLength: q.MaxLength,
	}
	if q.Minimum != nil {
		p.Minimum = *q.Minimum
	}
	if q.Maximum != nil {
		p.Maximum = *q.Maximum
	}
	return p
}
