package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestS58EveryParserHasAFuzzTarget holds the list of S58: whatever reads what a
// stranger wrote has a native fuzz target beside it.
func TestS58EveryParserHasAFuzzTarget(t *testing.T) {
	root := filepath.Join("..", "..")
	found := map[string]bool{}
	target := regexp.MustCompile(`(?m)^func (Fuzz\w+)\(f \*testing\.F\)`)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		folder, _ := filepath.Rel(root, filepath.Dir(path))
		for _, match := range target.FindAllSubmatch(text, -1) {
			found[filepath.ToSlash(folder)+" "+string(match[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for what, name := range map[string]string{
		"the canonicaliser":           "backend/soc FuzzCanonicalJSON",
		"entity values":               "backend/soc FuzzCanonicalValue",
		"page tokens":                 "backend/web FuzzS45Token",
		"signatures":                  "backend/soc FuzzS58Signature",
		"sealed secrets":              "backend/soc FuzzS58Sealed",
		"keys":                        "backend/soc FuzzCheckKey",
		"evidence":                    "backend/soc FuzzParsePayload",
		"raw payloads":                "backend/soc FuzzRawDataIsNeverMoreThanParsed",
		"JSON bodies":                 "backend/soc FuzzCheckJSON",
		"inputs of routes":            "backend/web FuzzS57Binder",
		"arguments of tools":          "schemas FuzzM12Validator",
		"queries":                     "backend/soc/kql FuzzParse",
		"compiled queries":            "backend/store FuzzCompile",
		"the mapper of Sentinel":      "backend/connector/sentinel FuzzMap",
		"the mapper of Wazuh":         "backend/connector/wazuh FuzzMap",
		"the mapper of Suricata":      "backend/connector/suricata FuzzMap",
		"the generic mapper":          "backend/connector/generic FuzzMap",
		"addresses to call":           "backend/connector/egress FuzzCheck",
		"requests declared in YAML":   "backend/connector/declared FuzzRequestKeepsItsShape",
		"hostile text":                "backend/soc FuzzDetectHostile",
		"text that is shown":          "backend/soc FuzzEscapeVisible",
		"the catalogue's file format": "backend/playbook FuzzLoad",
	} {
		if !found[name] {
			t.Errorf("%s: no %s", what, name)
		}
	}
}
