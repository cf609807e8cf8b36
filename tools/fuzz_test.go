package tools

import (
	"encoding/json"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"vedette/backend/soc"
)

var goNames = regexp.MustCompile(`schemas\.|soc\.|map\[|&\{|\*int|interface \{|json: |goroutine`)

// Argument sets per tool: all go through the validator, some all the way.
const (
	fuzzRounds = 10_000
	fuzzWhole  = 20
)

// TestM12ArgumentFuzz draws arguments from the schemas, mostly wrong: no panic,
// no Go type name, texts within bounds, and nothing stored by what is refused.
func TestM12ArgumentFuzz(t *testing.T) {
	for index, tool := range allTools() {
		t.Run(tool.Name, func(t *testing.T) {
			t.Parallel()
			fuzzTool(t, tool.Name, rand.New(rand.NewPCG(1, uint64(index))))
		})
	}
}

func fuzzTool(t *testing.T, name string, source *rand.Rand) {
	d := openDoor(t)
	tool, by := d.server.tool(name), d.auth.keys[agentKey]
	var schema map[string]any
	if err := json.Unmarshal(tool.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	rounds := fuzzRounds
	if underRace {
		rounds /= 20
	}
	for round := range rounds {
		arguments := mustEncode(t, draw(source, schema, 0))
		if round%fuzzWhole > 0 {
			fuzzAccept(t, d.server, tool, arguments)
			continue
		}
		submits, comments := d.desk.submits, len(d.desk.comments[incidentA])
		result := d.server.call(t.Context(), caller{by: by, wire: wireLegacy, method: "tools/call"}, tool, arguments)
		switch {
		case result.Code == soc.CodeInternalError:
			t.Fatalf("%s: %s", arguments, result.Text)
		case goNames.MatchString(result.Text) && result.IsError:
			t.Fatalf("%s names Go's types: %s", arguments, result.Text)
		case result.IsError && len(result.Text) > maxErrorText:
			t.Fatalf("%d bytes of error", len(result.Text))
		case result.IsError && (d.desk.submits != submits || len(d.desk.comments[incidentA]) != comments):
			t.Fatalf("%s stored something and was refused", arguments)
		case !utf8.ValidString(result.Text):
			t.Fatalf("%q", result.Text)
		}
	}
}

// fuzzAccept holds the validator alone to the same.
func fuzzAccept(t *testing.T, s *Server, tool *tool, arguments json.RawMessage) {
	t.Helper()
	r := &request{server: s, tool: tool}
	if err := r.accept(arguments); err != nil {
		if text := failureText("", soc.AsError(err)); goNames.MatchString(text) || len(text) > maxErrorText || !utf8.ValidString(text) {
			t.Fatalf("%s %s: %s", tool.Name, arguments, text)
		}
	}
}

// draw makes a value for a schema, right or wrong.
func draw(source *rand.Rand, schema map[string]any, depth int) any {
	if source.IntN(12) == 0 || depth > 6 {
		return junk(source)
	}
	if words, ok := schema["enum"].([]any); ok && source.IntN(4) > 0 {
		return words[source.IntN(len(words))]
	}
	switch schema["type"] {
	case "object":
		object := map[string]any{}
		for name, member := range schema["properties"].(map[string]any) {
			if source.IntN(3) > 0 {
				object[name] = draw(source, member.(map[string]any), depth+1)
			}
		}
		if source.IntN(6) == 0 {
			object[[]string{"limits", "\u202e", "x y", "__proto__", strings.Repeat("n", 200)}[source.IntN(5)]] = junk(source)
		}
		return object
	case "array":
		var items []any
		for range source.IntN(4) {
			items = append(items, draw(source, schema["items"].(map[string]any), depth+1))
		}
		return items
	case "integer", "number":
		return []any{0, 1, 5, -1, 101, 1e9, 1.5, "7", "x"}[source.IntN(9)]
	case "boolean":
		return source.IntN(2) == 0
	}
	return []any{incidentA, incidentB, entityA, gamebookA, "E1", "E9", "isolate_host", "2026-04-15T20:00:00Z", "TruePositive", "text"}[source.IntN(10)]
}

func junk(source *rand.Rand) any {
	return []any{
		nil, true, -1, 3.7, 1e300, "", "\u202e", strings.Repeat("x", 300), "' OR 1=1 --", "<|im_start|>",
		[]any{},
		[]any{[]any{}},
		map[string]any{},
		map[string]any{"a": map[string]any{}},
		"INC-2024-0042", "__proto__", "\u0000x",
	}[source.IntN(17)]
}

// TestRaceOfManyClients: 64 clients on both wires and every tool.
func TestRaceOfManyClients(t *testing.T) {
	d := openDoor(t)
	var clients sync.WaitGroup
	for n := range 64 {
		clients.Go(func() {
			wire := wires[n%2]
			for tool, arguments := range sampleCalls() {
				if r := d.call(wire, agentKey, tool, arguments); r.status != 200 || r.Result == nil {
					t.Errorf("%s %s: %d %s", wire, tool, r.status, r.raw)
				}
			}
			if r := d.rpc(wire, agentKey, "tools/list", nil); r.Result == nil {
				t.Errorf("%s: %s", wire, r.raw)
			}
		})
	}
	clients.Wait()
}
