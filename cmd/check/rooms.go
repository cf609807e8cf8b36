package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// modulePath is the module that the rooms belong to.
const modulePath = "vedette"

// goFile is what the import rules look at in one source file. Build tags are
// ignored on purpose: a forbidden import under a tag is still forbidden.
type goFile struct {
	name    string // slash-separated, relative to the root
	imports []string
}

func (f goFile) folder() string { return path.Dir(f.name) }
func (f goFile) isTest() bool   { return strings.HasSuffix(f.name, "_test.go") }

// readImports parses the import clauses of every Go file of the tree.
func readImports(root string) ([]goFile, error) {
	var files []goFile
	tree := os.DirFS(root)
	err := walkSources(tree, func(name string) error {
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
		if err != nil {
			return err
		}
		file := goFile{name: name}
		for _, clause := range parsed.Imports {
			imported, err := strconv.Unquote(clause.Path.Value)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			file.imports = append(file.imports, imported)
		}
		files = append(files, file)
		return nil
	})
	return files, err
}

// walkSources visits the files of the tree that are ours: hidden folders, test
// data and installed Node packages are left out, as the go command does.
func walkSources(tree fs.FS, visit func(name string) error) error {
	return fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() {
			return visit(name)
		}
		base := entry.Name()
		if name != "." && (base == "testdata" || base == "node_modules" || base[0] == '.' || base[0] == '_') {
			return fs.SkipDir
		}
		return nil
	})
}

// roomFaults returns every breach of the import rules, one sentence each.
func roomFaults(files []goFile) []string {
	var faults []string
	for _, file := range files {
		row, known := findRoom(file.folder())
		if !known {
			faults = append(faults, fmt.Sprintf("%s: %s is not a room: the table in cmd/check/roomtable.go follows the architecture page",
				file.name, file.folder()))
			continue
		}
		for _, imported := range file.imports {
			if fault := importFault(file, row, imported); fault != "" {
				faults = append(faults, file.name+": "+fault)
			}
		}
	}
	slices.Sort(faults)
	return slices.Compact(faults)
}

func importFault(file goFile, row room, imported string) string {
	ours, isOurs := strings.CutPrefix(imported, modulePath+"/")
	if file.isTest() {
		if isOurs && strings.HasPrefix(ours, "cmd/") {
			return "a test imports the command " + ours
		}
		return ""
	}
	if slices.Contains(testOnly, imported) && !slices.Contains(testKits, file.folder()) {
		return imported + " is for test files only"
	}
	switch {
	case isOurs:
		if !coveredByAny(row.imports, ours) {
			return fmt.Sprintf("%s may not import %s", row.folder, ours)
		}
	case strings.Contains(strings.Split(imported, "/")[0], "."):
		return libraryFault(file, imported)
	}
	return ""
}

func libraryFault(file goFile, imported string) string {
	library, known := findHome(imported)
	if !known {
		return fmt.Sprintf("%s has no home: a library lives in one room, named in cmd/check/roomtable.go", imported)
	}
	if slices.Contains(library.files, file.name) || coveredByAny(library.files, file.folder()) {
		return ""
	}
	return fmt.Sprintf("%s lives in %s only", library.module, strings.Join(library.files, ", "))
}
