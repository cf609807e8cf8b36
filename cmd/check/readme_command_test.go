package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	comment  = regexp.MustCompile(`(?m)(^|\s)#.*$`)
	variable = regexp.MustCompile(`VEDETTE_[A-Z_]+`)
	flagName = regexp.MustCompile(`--[a-z][a-z-]*`)
)

// readmeCommands returns what the page tells a reader to type: the words after
// one of the given names of a program.
func readmeCommands(page string, programs ...string) [][]string {
	var lines []string
	for _, script := range fenced(page, "sh") {
		script = comment.ReplaceAllString(strings.ReplaceAll(script, "\\\n", " "), "")
		lines = append(lines, strings.Split(script, "\n")...)
	}
	for _, match := range quoted.FindAllStringSubmatch(page, -1) {
		lines = append(lines, match[1])
	}
	var commands [][]string
	for _, line := range lines {
		for _, program := range programs {
			if words, found := strings.CutPrefix(line, program+" "); found {
				commands = append(commands, strings.Fields(words))
			}
		}
	}
	return commands
}

func TestReadmeNamesStepsThatExist(t *testing.T) {
	commands := readmeCommands(readReadme(t), "go run ./cmd/check")
	if len(commands) < 2 {
		t.Fatalf("found %d uses of cmd/check: they are looked for in the wrong way", len(commands))
	}
	for _, words := range commands {
		steps := slices.DeleteFunc(words, func(word string) bool { return strings.HasPrefix(word, "-") })
		if _, err := choose(steps); err != nil {
			t.Errorf("the README says check %v: %v", words, err)
		}
	}
}

// TestReadmeCommandsExist asks the built program for the help of everything the
// README tells a reader to type.
func TestReadmeCommandsExist(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "vedette")
	build := exec.Command("go", "build", "-o", binary, "./cmd/vedette")
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	help := func(words ...string) string {
		output, _ := exec.Command(binary, slices.Concat(words, []string{"--help"})...).CombinedOutput()
		return string(output)
	}
	page := readReadme(t)
	commands := readmeCommands(page, "vedette", "go run ./cmd/vedette")
	if len(commands) < 8 {
		t.Fatalf("found %d commands: they are looked for in the wrong way", len(commands))
	}
	for _, words := range commands {
		path := commandPath(words, help)
		text := help(path...)
		usage, _, _ := strings.Cut(text, "\n")
		if !strings.HasPrefix(usage+" ", "Usage: "+strings.Join(append([]string{"vedette"}, path...), " ")+" ") || len(path) == 0 {
			t.Errorf("the README says vedette %v, which is no command:\n%s", words, text)
			continue
		}
		for _, word := range words {
			if flag := flagName.FindString(word); flag != "" && !regexp.MustCompile(flag+`\b[^-]`).MatchString(text) {
				t.Errorf("the README says vedette %v, but %v has no %s", words, path, flag)
			}
		}
	}
	everything := help() + help("serve") + help("mcp")
	for _, name := range variable.FindAllString(page, -1) {
		if !strings.Contains(everything, name) {
			t.Errorf("the README names the variable %s, which the help does not", name)
		}
	}
}

// commandPath returns the words that choose a command, without its arguments:
// it goes deeper while the help asks for a command.
func commandPath(words []string, help func(...string) string) []string {
	for i, word := range words {
		usage, _, _ := strings.Cut(help(words[:i]...), "\n")
		if !strings.Contains(usage, "<command>") || strings.HasPrefix(word, "-") {
			return words[:i]
		}
	}
	return words
}
