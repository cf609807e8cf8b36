//go:build conformance

package main

import (
	"context"

	"github.com/alecthomas/kong"

	"vedette/tools"
)

// fixtureCommands exist in the build for the MCP conformance suite alone.
func fixtureCommands() kong.Plugins {
	return kong.Plugins{&struct {
		Conformance conformanceCommand `cmd:"" hidden:""`
	}{}}
}

type conformanceCommand struct {
	Listen string `default:"127.0.0.1:8080" help:"Address to listen on."`
}

func (c *conformanceCommand) Run(ctx context.Context) error {
	return tools.ServeConformance(ctx, c.Listen)
}
