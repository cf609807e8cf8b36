package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"vedette/backend/connector"
)

var updateOperations = flag.Bool("update", false, "write the table of calls anew")

// TestConnectorOperationsTable holds the table in the repository to the code that
// builds the requests.
func TestConnectorOperationsTable(t *testing.T) {
	const path = "../../backend/connector/OPERATIONS.md"
	want := operationsTable(connectorKinds())
	if *updateOperations {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != want {
		t.Errorf("%s is not what the code does; run this test with -update (%v)", path, err)
	}
}

// operationsTable is what `vedette connectors endpoints` prints, for people who
// read the repository.
func operationsTable(kinds connector.Kinds) string {
	var b strings.Builder
	b.WriteString("# What the connectors ask of the products\n\nMade from the tables that requests are built from (`go test ./cmd/vedette -run TestConnectorOperationsTable -update`); each package's tests\nhold its table to what it asks of a fake of the vendor's API. `vedette connectors endpoints` prints the same. Permissions are the least that\nthe vendor documents.\n")
	for _, k := range kinds {
		if len(k.Endpoints) == 0 {
			continue
		}
		b.WriteString("\n## " + k.Title + " (`" + k.Name + "`)\n\n| for | call | permission | playbooks | documented |\n|---|---|---|---|---|\n")
		for _, e := range k.Endpoints {
			b.WriteString("| " + strings.Join([]string{e.Name, "`" + e.Method + " " + e.Path + "`", e.Permission, strings.Join(e.Playbooks, ", "), e.Source}, " | ") + " |\n")
		}
	}
	return b.String()
}
