// Package prompts holds every sentence said to a model as instruction: tool
// descriptions, server instructions and the prompts offered over MCP, as
// embedded text. A text is part of the contract: it is hashed into the tools
// lock or a golden file, so that a change of words is seen in review like a
// change of code.
//
// Never in this room: evidence, names of a tenant, and anything composed from
// rows. A placeholder is filled with a validated argument of the caller only.
package prompts

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed instructions.txt tools/*.txt mcp/*.txt loop/*.txt loop/*.json
var texts embed.FS

// Instructions are the server instructions (mcp.md M33), at most 300 tokens.
func Instructions() string { return mustRead("instructions.txt") }

// Tool is the description of an agent tool. A tool without one stops the start.
func Tool(name string) string { return mustRead("tools/" + name + ".txt") }

// MCP is the text of a prompt offered over MCP, with placeholders like
// {incident_id}.
func MCP(name string) string { return mustRead("mcp/" + name + ".txt") }

// Fill puts values into placeholders, all at once: a value that looks like a
// placeholder stays text.
func Fill(text string, values map[string]string) string {
	pairs := make([]string, 0, 2*len(values))
	for name, value := range values {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func mustRead(name string) string {
	raw, err := texts.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("prompts: %v", err))
	}
	return strings.TrimRight(string(raw), "\n")
}
