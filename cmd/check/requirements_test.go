package main

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestProofsAreFoundByTheirNumbers(t *testing.T) {
	tree := fstest.MapFS{
		"backend/soc/gate_test.go": {Data: []byte(`package soc
import "testing"
func TestS13ApprovalBinds(t *testing.T) { t.Log() }
func TestD5D6Order(t *testing.T) { t.Log() }
func TestS13Empty(t *testing.T) {}
func TestS70Unknown(t *testing.T) { t.Log() }
func TestX1Unknown(t *testing.T) { t.Log() }
func TestPlain(t *testing.T) { t.Log() }
`)},
		"backend/gate.go":               {Data: []byte("package backend\nfunc TestS1Production() { println() }\n")},
		"backend/approval_test.go":      {Data: []byte("//go:build never\n\npackage backend\nimport \"testing\"\nfunc TestS13Executor(t *testing.T) { t.Log() }\nfunc FuzzW2(f *testing.F) { f.Add() }\n")},
		"backend/testdata/copy_test.go": {Data: []byte("package copy\nfunc TestS2Copied() { println() }\n")},
	}
	proofs, faults, err := readProofs(tree)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, id := range []string{"S1", "S2", "S13", "D5", "D6", "W2"} {
		got = append(got, id+" "+drawProofs(proofs[id]))
	}
	want := []string{
		"S1 **none**", "S2 **none**",
		"S13 `backend` TestS13Executor; `backend/soc` TestS13ApprovalBinds",
		"D5 `backend/soc` TestD5D6Order", "D6 `backend/soc` TestD5D6Order", "W2 `backend` FuzzW2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	wantFaults := []string{
		"backend/soc/gate_test.go: TestS13Empty has no statement",
		"backend/soc/gate_test.go: TestS70Unknown names S70, which no document knows",
		"backend/soc/gate_test.go: TestX1Unknown names X1, which no document knows",
	}
	if !slices.Equal(faults, wantFaults) {
		t.Errorf("faults\n%s\nwant\n%s", strings.Join(faults, "\n"), strings.Join(wantFaults, "\n"))
	}
}

func TestStandardsAreDrawnByRequirement(t *testing.T) {
	for id, want := range map[string]string{
		"S38": "AISVS 9.3.5, 9.3.6 (part)",
		"S13": "AISVS 9.2.1, 9.2.2, 9.2.8; ASVS 2.3.1, 2.3.3, 2.3.4",
		"S11": "",
	} {
		if got := drawStandards(id); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	for _, row := range slices.Concat(aisvs, asvs) {
		for id := range strings.SplitSeq(row.requirements, ", ") {
			if !isRequirement(id) {
				t.Errorf("%s: %q is no requirement", row.items, id)
			}
		}
	}
}

func TestBlocksAreReplacedWhole(t *testing.T) {
	got, err := replaceBlock("a\n<!-- x -->\nold\nolder\n<!-- /x -->\nb\n", "x", "new\n")
	if want := "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n"; err != nil || got != want {
		t.Errorf("%q and %v, want %q", got, err, want)
	}
	for _, page := range []string{"", "<!-- x -->\n", "<!-- /x -->\n<!-- x -->\n"} {
		if _, err := replaceBlock(page, "x", ""); err == nil {
			t.Errorf("%q: no error although the block is not whole", page)
		}
	}
}
