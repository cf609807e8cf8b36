package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fence  = regexp.MustCompile("(?s)\n```([a-z]*)\n(.*?)\n```")
	body   = regexp.MustCompile(`(?s) -d '(.*?)'`)
	link   = regexp.MustCompile(`\]\(([^)]+)\)`)
	quoted = regexp.MustCompile("`([^`\n]+)`")
	title  = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

func readReadme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// fenced returns the fenced parts of a page in one language.
func fenced(page, language string) []string {
	var found []string
	for _, match := range fence.FindAllStringSubmatch(page, -1) {
		if match[1] == language {
			found = append(found, match[2])
		}
	}
	return found
}

func TestReadmeStartsWithTheTwoCommands(t *testing.T) {
	first := fenced(readReadme(t), "sh")[0]
	for _, command := range []string{"go run ./cmd/vedette serve --demo", "go test ./..."} {
		if !strings.Contains(first, command) {
			t.Errorf("the first commands of the README are\n%s\nwithout %s", first, command)
		}
	}
}

func TestReadmeJSONParses(t *testing.T) {
	page := readReadme(t)
	snippets := fenced(page, "json")
	for _, script := range fenced(page, "sh") {
		for _, match := range body.FindAllStringSubmatch(script, -1) {
			snippets = append(snippets, match[1])
		}
	}
	if len(snippets) < 4 {
		t.Fatalf("found %d pieces of JSON: they are looked for in the wrong way", len(snippets))
	}
	for _, snippet := range snippets {
		var settings struct {
			Servers    map[string]client `json:"servers"`
			MCPServers map[string]client `json:"mcpServers"`
		}
		if err := json.Unmarshal([]byte(snippet), &settings); err != nil {
			t.Errorf("%v in\n%s", err, snippet)
		}
		for _, servers := range []map[string]client{settings.Servers, settings.MCPServers} {
			for name, c := range servers {
				c.check(t, name)
			}
		}
	}
}

// client is the settings of one server in a client's file.
type client struct {
	Type    string            `json:"type"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Command string            `json:"command"`
	Args    []string          `json:"args"`
	Env     map[string]string `json:"env"`
}

func (c client) check(t *testing.T, name string) {
	overHTTP := c.Type == "http" && strings.HasSuffix(c.URL, "/mcp") && strings.HasPrefix(c.Headers["Authorization"], "Bearer ")
	overStdio := c.Command == "vedette" && len(c.Args) == 1 && c.Args[0] == "mcp" && c.Env["VEDETTE_KEY"] != ""
	if overHTTP == overStdio {
		t.Errorf("settings of %s lead neither to /mcp with a key nor to `vedette mcp` with one: %+v", name, c)
	}
}

func TestReadmePathsExist(t *testing.T) {
	page := readReadme(t)
	var named []string
	for _, match := range link.FindAllStringSubmatch(page, -1) {
		if anchor, inPage := strings.CutPrefix(match[1], "#"); inPage {
			if !strings.Contains(anchors(page), "\n"+anchor+"\n") {
				t.Errorf("the README links to #%s, which is no heading of it", anchor)
			}
			continue
		}
		named = append(named, match[1])
	}
	for _, match := range quoted.FindAllStringSubmatch(page, -1) {
		top, _, _ := strings.Cut(match[1], "/")
		if strings.Index(match[1], "/") > 0 && exists(filepath.Join(root, top)) && !strings.Contains(match[1], " ") {
			named = append(named, match[1])
		}
	}
	if len(named) < 15 {
		t.Fatalf("found %d paths: they are looked for in the wrong way", len(named))
	}
	for _, name := range named {
		if !exists(filepath.Join(root, name)) {
			t.Errorf("the README names %s, which does not exist", name)
		}
	}
}

// anchors lists the headings as a link names them, one a line.
func anchors(page string) string {
	text := "\n"
	for _, match := range title.FindAllStringSubmatch(page, -1) {
		text += strings.NewReplacer(" ", "-", ",", "").Replace(strings.ToLower(match[1])) + "\n"
	}
	return text
}
