package prompts

import (
	"encoding/json"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestFillIsOnePass(t *testing.T) {
	got := Fill("{type} and {value}", map[string]string{"type": "{value}", "value": "{type}"})
	if got != "{value} and {type}" {
		t.Error(got)
	}
}

// TestTextsAreWhole: no file is empty, ends in the middle, or speaks of
// confirming, which no agent can (mcp.md M9).
func TestTextsAreWhole(t *testing.T) {
	err := fs.WalkDir(texts, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text := mustRead(path)
		if strings.HasSuffix(path, ".json") {
			if !json.Valid([]byte(text)) {
				t.Errorf("%s is no JSON", path)
			}
			return nil
		}
		if text == "" || !strings.ContainsAny(text[len(text)-1:], ".!") || strings.Contains(strings.ToLower(text), "confirm") {
			t.Errorf("%s: %q", path, text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// variable is a name in braces; the JSON in these texts never has one, since its
// braces are followed by a quote.
var variable = regexp.MustCompile(`\{[a-z_]+\}`)

// TestVariablesAreFilled: the loop's texts name no variable that nothing fills,
// and each stage has the three it must have (T20).
func TestVariablesAreFilled(t *testing.T) {
	known := map[string][]string{"repair": {"{fault}"}, "tools": {"{tools}"}}
	for _, stage := range stageNames {
		known[stage] = []string{"{rules}", "{schema}", "{example}"}
	}
	files, err := fs.Glob(texts, "loop/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(path, "loop/"), ".txt")
		if got, want := variable.FindAllString(mustRead(path), -1), known[name]; !slices.Equal(got, want) {
			t.Errorf("%s has the variables %q, want %q", path, got, want)
		}
	}
	for _, stage := range Stages() {
		if left := variable.FindAllString(stage.System, -1); len(left) > 0 || len(stage.SHA256) != 64 {
			t.Errorf("%s: %q is left", stage.Name, left)
		}
	}
	if !strings.HasPrefix(LoopHash(), "sha256:") {
		t.Error(LoopHash())
	}
}
