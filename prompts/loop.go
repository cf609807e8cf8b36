package prompts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// Stage is what a model is told in one stage of an investigation (triage.md
// T18, T20). System is whole: rules, task, schema and one example answer.
type Stage struct {
	Name   string
	System string
	Schema json.RawMessage
	// Example is the answer shown; it passes the shipped parser (a test holds it
	// to that).
	Example json.RawMessage
	// SHA256 is of System, in hexadecimal (S43).
	SHA256 string
}

// stageNames are the stages that a model fills, in their order.
var stageNames = []string{"hypotheses", "select", "extract", "verdict", "self_check", "respond"}

// Stages returns the texts of all stages.
func Stages() []Stage {
	out := make([]Stage, len(stageNames))
	for n, name := range stageNames {
		schema, example := mustRead("loop/"+name+".schema.json"), mustRead("loop/"+name+".example.json")
		system := Fill(mustRead("loop/"+name+".txt"), map[string]string{"rules": mustRead("loop/rules.txt"), "schema": schema, "example": example})
		sum := sha256.Sum256([]byte(system))
		out[n] = Stage{Name: name, System: system, Schema: json.RawMessage(schema), Example: json.RawMessage(example), SHA256: hex.EncodeToString(sum[:])}
	}
	return out
}

// Repair asks for an answer again; fault is the parser's text.
func Repair(fault string) string {
	return Fill(mustRead("loop/repair.txt"), map[string]string{"fault": fault})
}

// Continue asks for the rest of an answer that was cut by its length.
func Continue() string { return mustRead("loop/continue.txt") }

// Finish says that the budget is nearly used.
func Finish() string { return mustRead("loop/finish.txt") }

// ToolsAsText tells an endpoint without tool calls how to ask for one; tools
// are their definitions as JSON lines.
func ToolsAsText(tools string) string {
	return Fill(mustRead("loop/tools.txt"), map[string]string{"tools": tools})
}

// LoopHash is one hash over every text of the loop, in a fixed order: what a run
// was told, as one word.
func LoopHash() string {
	var all strings.Builder
	for _, stage := range Stages() {
		all.WriteString(stage.Name + " " + stage.SHA256 + "\n")
	}
	for _, text := range []string{Repair(""), Continue(), Finish(), ToolsAsText("")} {
		all.WriteString(text + "\n")
	}
	sum := sha256.Sum256([]byte(all.String()))
	return "sha256:" + hex.EncodeToString(sum[:])
}
