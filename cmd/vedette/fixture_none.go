//go:build !conformance

package main

import "github.com/alecthomas/kong"

// fixtureCommands are in the build for the MCP conformance suite alone.
func fixtureCommands() kong.Plugins { return nil }
