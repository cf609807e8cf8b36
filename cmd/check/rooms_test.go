package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is where go test runs this package from, seen from the module's root.
const root = "../.."

func report(t *testing.T, faults []string, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faults {
		t.Error(fault)
	}
}

func TestEveryImportIsAllowed(t *testing.T) {
	files, err := readImports(root)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(files, func(f goFile) bool { return f.name == "cmd/check/rooms_test.go" }) {
		t.Fatal("the walk did not find this file: it looks in the wrong place")
	}
	report(t, roomFaults(files), nil)
}

func TestSuiteToolsAreNotInTheProduct(t *testing.T) {
	for _, name := range suiteTools {
		source, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(source), "//go:build "+conformanceTag+"\n") {
			t.Errorf("%s is not limited to the build tag %s", name, conformanceTag)
		}
	}
}

func TestTopLevelIsFixed(t *testing.T) {
	faults, err := topLevelFaults(root)
	report(t, faults, err)
}

func TestNoFileIsLong(t *testing.T) {
	faults, err := lengthFaults(root)
	report(t, faults, err)
}

func TestNoFileNamesAMachine(t *testing.T) {
	faults, err := machinePathFaults(root)
	report(t, faults, err)
}

func TestLibcIsTheOneSQLiteDemands(t *testing.T) {
	fault, err := libcFault(root)
	if err != nil {
		t.Fatal(err)
	}
	if fault != "" {
		t.Error(fault)
	}
}

// TestImportRulesCatch keeps the table honest: a rule that finds nothing when
// it is broken is no rule.
func TestImportRulesCatch(t *testing.T) {
	const allowed = ""
	cases := []struct {
		file, imports, want string
	}{
		{"backend/soc/gate.go", "strings", allowed},
		{"backend/soc/gate.go", "golang.org/x/text/unicode/norm", allowed},
		{"backend/soc/gate.go", "vedette/backend/store", "backend/soc may not import backend/store"},
		{"backend/soc/gate.go", "github.com/google/uuid", "github.com/google/uuid lives in"},
		{"backend/incident.go", "vedette/backend/store", allowed},
		{"backend/incident.go", "vedette/schemas", "backend may not import schemas"},
		{"backend/incident.go", "github.com/jackc/pgx/v5/pgxpool", "github.com/jackc/pgx/v5 lives in"},
		{"backend/store/incident.go", "github.com/jackc/pgx/v5/pgxpool", allowed},
		{"backend/store/jobs.go", "github.com/riverqueue/river/riverdriver/riversqlite", allowed},
		{"backend/worker/jobs.go", "github.com/riverqueue/river/rivertype", allowed},
		{"backend/worker/jobs.go", "github.com/riverqueue/river/riverdriver/riversqlite", "github.com/riverqueue/river/riverdriver lives in"},
		{"backend/worker/jobs.go", "vedette/backend/connector/simrange", allowed},
		{"backend/worker/jobs.go", "vedette/backend/store", "backend/worker may not import backend/store"},
		{"backend/opsapi/approval.go", "vedette/backend/console", "backend/opsapi may not import backend/console"},
		{"backend/connector/sentinel/map.go", "vedette/backend/connector/egress", allowed},
		{"backend/connector/sentinel/map.go", "vedette/backend/connector/wazuh", "may not import backend/connector/wazuh"},
		{"backend/connector/sentinel/deep/map.go", "strings", "is not a room"},
		{"backend/util/strings.go", "strings", "is not a room"},
		{"tools/mcp.go", "github.com/mark3labs/mcp-go/server", allowed},
		{"tools/gamebook.go", "github.com/mark3labs/mcp-go/mcp", "github.com/mark3labs/mcp-go lives in tools/mcp.go"},
		{"tools/mcp_test.go", "github.com/mark3labs/mcp-go/client", allowed},
		{"agent/loop.go", "vedette/backend", "agent may not import backend"},
		{"agent/loop.go", "github.com/tidwall/gjson", "has no home"},
		{"agent/loop_test.go", "vedette/cmd/vedette", "a test imports the command"},
		{"cmd/vedette/main.go", "vedette/backend/store/pgtest", "for test files only"},
		{"cmd/vedette/main.go", "testing", "for test files only"},
		{"cmd/vedette/main.go", "vedette/backend/connector/simrange", allowed},
		{"cmd/check/main.go", "vedette/backend/soc", "cmd/check may not import backend/soc"},
	}
	for _, c := range cases {
		faults := roomFaults([]goFile{{name: c.file, imports: []string{c.imports}}})
		switch {
		case c.want == allowed && len(faults) > 0:
			t.Errorf("%s importing %s: %v, want no fault", c.file, c.imports, faults)
		case c.want != allowed && (len(faults) != 1 || !strings.Contains(faults[0], c.want)):
			t.Errorf("%s importing %s: %v, want a fault with %q", c.file, c.imports, faults, c.want)
		}
	}
}
