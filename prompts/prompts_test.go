package prompts

import (
	"io/fs"
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
		if text == "" || !strings.ContainsAny(text[len(text)-1:], ".!") || strings.Contains(strings.ToLower(text), "confirm") {
			t.Errorf("%s: %q", path, text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
