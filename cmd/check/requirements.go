package main

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// checkRequirements holds the promise of S69 for what this release names: each
// requirement of the release has a test that carries its number, and the table
// of the README is the one the tests draw.
func checkRequirements(h *house, _ context.Context, j *journal) error {
	proofs, faults, err := readProofs(os.DirFS(h.root))
	if err != nil {
		return err
	}
	for _, row := range slices.Concat(releaseRequirements, wrapperDuties) {
		if len(proofs[row.id]) == 0 {
			faults = append(faults, fmt.Sprintf("no test is named for %s (%s): Test%s…", row.id, row.title, row.id))
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(proofs), compareIDs) {
		fmt.Fprintf(j, "%-4s %s\n", id, drawProofs(proofs[id]))
	}
	name := filepath.Join(h.root, "README.md")
	readme, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	fresh, err := replaceBlock(string(readme), "requirements", drawRequirements(proofs))
	if err != nil {
		return err
	}
	if h.write {
		return errors.Join(j.faults(faults), os.WriteFile(name, []byte(fresh), 0o644))
	}
	if fresh != string(readme) {
		fmt.Fprint(j, lineDifference(readme, []byte(fresh)))
		faults = append(faults, "README.md shows another table than the tests: run `go run ./cmd/check -w requirements`")
	}
	return j.faults(faults)
}

// proof is one test that carries the number of a requirement.
type proof struct {
	folder string
	test   string
}

var (
	// numbered is how a test says which requirements it proves: their numbers,
	// one after the other, right after Test or Fuzz.
	numbered = regexp.MustCompile(`^(?:Test|Fuzz)((?:[A-Z][0-9]+)+)`)
	number   = regexp.MustCompile(`[A-Z][0-9]+`)
)

// highest is the last number of each series: S and G of the safety model and
// its gate, T of triage, M and W of the MCP server and its wrapper, D of the
// digest.
var highest = map[byte]int{'S': 69, 'G': 19, 'T': 34, 'M': 36, 'W': 17, 'D': 10}

// readProofs finds the numbered tests of the tree. A test whose number no
// document knows, or that has no statement, proves nothing and is a fault.
func readProofs(tree fs.FS) (map[string][]proof, []string, error) {
	proofs := map[string][]proof{}
	var faults []string
	err := walkSources(tree, func(name string) error {
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declared := range parsed.Decls {
			test, isFunction := declared.(*ast.FuncDecl)
			if !isFunction || test.Recv != nil {
				continue
			}
			prefix := numbered.FindStringSubmatch(test.Name.Name)
			if prefix == nil {
				continue
			}
			if test.Body == nil || len(test.Body.List) == 0 {
				faults = append(faults, fmt.Sprintf("%s: %s has no statement", name, test.Name.Name))
				continue
			}
			for _, id := range number.FindAllString(prefix[1], -1) {
				if !isRequirement(id) {
					faults = append(faults, fmt.Sprintf("%s: %s names %s, which no document knows", name, test.Name.Name, id))
					continue
				}
				proofs[id] = append(proofs[id], proof{path.Dir(name), test.Name.Name})
			}
		}
		return nil
	})
	for _, found := range proofs {
		slices.SortFunc(found, func(a, b proof) int {
			return strings.Compare(a.folder+" "+a.test, b.folder+" "+b.test)
		})
	}
	return proofs, faults, err
}

func isRequirement(id string) bool {
	n, err := strconv.Atoi(id[1:])
	return err == nil && n >= 1 && n <= highest[id[0]]
}

// compareIDs orders S2 before S10, and the series by their letter.
func compareIDs(a, b string) int {
	if a[0] != b[0] {
		return int(a[0]) - int(b[0])
	}
	m, _ := strconv.Atoi(a[1:])
	n, _ := strconv.Atoi(b[1:])
	return m - n
}

// drawRequirements draws the two tables of the README.
func drawRequirements(proofs map[string][]proof) string {
	var text strings.Builder
	text.WriteString("| requirement | tests | OWASP items it bears on |\n|---|---|---|\n")
	for _, row := range releaseRequirements {
		fmt.Fprintf(&text, "| %s %s | %s | %s |\n", row.id, row.title, drawProofs(proofs[row.id]), drawStandards(row.id))
	}
	text.WriteString("\n| the MCP library, and what we do about it | tests |\n|---|---|\n")
	for _, row := range wrapperDuties {
		fmt.Fprintf(&text, "| %s %s | %s |\n", row.id, row.title, drawProofs(proofs[row.id]))
	}
	return text.String()
}

// drawProofs names tests grouped by their folder, in a fixed order.
func drawProofs(found []proof) string {
	if len(found) == 0 {
		return "**none**"
	}
	var groups []string
	for i, p := range found {
		if i == 0 || found[i-1].folder != p.folder {
			groups = append(groups, "`"+p.folder+"`")
		}
		groups[len(groups)-1] += " " + p.test
	}
	return strings.Join(groups, "; ")
}

// replaceBlock puts text between the named markers of a page. The markers are
// comments, which the drawn page does not show.
func replaceBlock(page, name, text string) (string, error) {
	start, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	before, rest, found := strings.Cut(page, start)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return "", fmt.Errorf("README.md has no block between %s and %s", strings.TrimSpace(start), end)
	}
	return before + start + text + end + after, nil
}
