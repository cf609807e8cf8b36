package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// topLevel are the only names, hidden ones aside, that the root may hold.
var topLevel = []string{
	"cmd", "tools", "agent", "backend", "schemas", "prompts", "go.mod", "go.sum", "README.md", "LICENSE",
}

// lineLimit is the length at which a production file fails. The house aims at
// 300; the hundred between is for a table that would suffer from being cut.
const lineLimit = 400

// longFiles are the production files that may be longer, each with its reason.
var longFiles = map[string]string{}

// machinePaths are folders of the machines that built the project. A file that
// names one works there only. They are spelt in two halves so that this file
// does not name them.
var machinePaths = []string{
	"/work" + "/wt/", "/work" + "/main", "/work" + "/shared", "/work" + "/.library", "/tmp/bash" + "_jobs",
}

// topLevelFaults checks the root's names. What .gitignore lists for the root is
// a by-product of running the program there and may lie around.
func topLevelFaults(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	ignored, err := ignoredAtRoot(root)
	if err != nil {
		return nil, err
	}
	var faults []string
	for _, entry := range entries {
		name := entry.Name()
		byProduct := slices.ContainsFunc(ignored, func(pattern string) bool {
			matched, err := path.Match(pattern, name)
			return err == nil && matched
		})
		if strings.HasPrefix(name, ".") || slices.Contains(topLevel, name) || byProduct {
			continue
		}
		faults = append(faults, fmt.Sprintf("%s does not belong at the top level, which is fixed: %s",
			name, strings.Join(topLevel, " ")))
	}
	return faults, nil
}

func ignoredAtRoot(root string) ([]string, error) {
	text, err := os.ReadFile(path.Join(root, ".gitignore"))
	if err != nil {
		return nil, err
	}
	var patterns []string
	for line := range strings.Lines(string(text)) {
		pattern := strings.Trim(strings.TrimSpace(line), "/")
		if pattern != "" && !strings.HasPrefix(pattern, "#") {
			patterns = append(patterns, pattern)
		}
	}
	return patterns, nil
}

// lengthFaults reports production files over the limit, and exceptions that are
// no longer needed, so that the list can only shrink by itself.
func lengthFaults(root string) ([]string, error) {
	tree := os.DirFS(root)
	lengths := map[string]int{}
	err := walkSources(tree, func(name string) error {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		lengths[name] = bytes.Count(source, []byte("\n"))
		return err
	})
	if err != nil {
		return nil, err
	}
	var faults []string
	for name, lines := range lengths {
		if lines > lineLimit && longFiles[name] == "" {
			faults = append(faults, fmt.Sprintf("%s has %d lines, more than %d: a second screen of helpers means a second noun",
				name, lines, lineLimit))
		}
	}
	for name := range longFiles {
		if lengths[name] <= lineLimit {
			faults = append(faults, name+" is short enough now: take it off the list in cmd/check/tree.go")
		}
	}
	slices.Sort(faults)
	return faults, nil
}

// machinePathFaults reports files, test data included, that name a folder of a
// machine.
func machinePathFaults(root string) ([]string, error) {
	tree := os.DirFS(root)
	var faults []string
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if slices.Contains([]string{".git", ".cache", "node_modules"}, entry.Name()) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil // a linked work tree has a file of this name
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		found, err := namesMachine(tree, name)
		if found != "" {
			faults = append(faults, fmt.Sprintf("%s names %s, a folder of one machine", name, found))
		}
		return err
	})
	return faults, err
}

// namesMachine reads in pieces, because embedded evidence and a database left
// at the root may be large.
func namesMachine(tree fs.FS, name string) (string, error) {
	file, err := tree.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	lines := bufio.NewReaderSize(file, 1<<16)
	for {
		piece, err := lines.ReadSlice('\n')
		for _, folder := range machinePaths {
			if bytes.Contains(piece, []byte(folder)) {
				return folder, nil
			}
		}
		switch err {
		case nil, bufio.ErrBufferFull: // a path cut by the buffer's end is not worth a second pass
		default:
			return "", nil
		}
	}
}
