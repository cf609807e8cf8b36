package main

import (
	"io"
	"strings"

	"vedette/backend/connector/declared"
)

// endpointsCommand shows what an administrator of a product has to grant, and to
// which calls: the table is the one that requests are built from.
type endpointsCommand struct {
	Kind string `arg:"" optional:"" help:"Only of this kind." placeholder:"KIND"`
}

// Run implements the command.
func (c endpointsCommand) Run(e *environment) error {
	kinds := connectorKinds()
	if c.Kind != "" {
		found, err := kinds.Find(c.Kind)
		if err != nil {
			return err
		}
		kinds = kinds[:0:0]
		kinds = append(kinds, found)
	}
	values, rows := []map[string]any{}, [][]string{{"KIND", "FOR", "CALL", "PERMISSION", "PLAYBOOKS", "DOCUMENTED"}}
	for _, k := range kinds {
		for _, call := range k.Endpoints {
			values = append(values, map[string]any{
				"kind": k.Name, "for": call.Name, "method": call.Method, "path": call.Path, "permission": call.Permission,
				"playbooks": append([]string{}, call.Playbooks...), "documented": call.Source,
			})
			rows = append(rows, []string{k.Name, call.Name, call.Method + " " + call.Path, call.Permission, dash(strings.Join(call.Playbooks, " ")), call.Source})
		}
	}
	return e.print(map[string]any{"endpoints": values}, rows)
}

// declarationExampleCommand prints the example.
type declarationExampleCommand struct{}

// Run implements the command.
func (declarationExampleCommand) Run(e *environment) error {
	if e.program.JSON {
		return e.print(map[string]any{"declaration": declared.Example()}, nil)
	}
	_, err := io.WriteString(e.out, declared.Example())
	return err
}
