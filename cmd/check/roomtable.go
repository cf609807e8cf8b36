package main

import "strings"

// room is one row of the architecture's table "Who may import whom". Names are
// folders below the module's root.
type room struct {
	folder string
	// imports are the folders of ours that its production files may import. A
	// trailing /* stands for the folders directly below.
	imports []string
}

// rooms is the whole table: a package that is not in it fails, and so does an
// import that its row does not list. The order is from vocabulary to doors.
//
// Test files are held only to the rule that they import no command, because a
// test may open a real store under a desk, or knock at two doors and compare.
var rooms = []room{
	{folder: "backend/soc"},
	{folder: "backend/soc/kql"},
	{folder: "backend/data"},
	{folder: "prompts"},
	{folder: "schemas", imports: []string{"backend/soc"}},
	{folder: "backend/store", imports: []string{"backend/soc", "backend/soc/kql"}},
	{folder: "backend/store/bare"},
	{folder: "backend/store/pgcluster"},
	{folder: "backend/store/pgtest", imports: []string{"backend/store/pgcluster"}},
	{folder: "backend/store/storetest", imports: []string{"backend/store", "backend/store/pgtest"}},
	{folder: "backend/playbook", imports: []string{"backend/soc"}},
	{folder: "backend/connector", imports: []string{"backend/soc", "backend/playbook"}}, // what every product's package answers to
	{folder: "backend/connector/*", imports: []string{"backend/soc", "backend/playbook", "backend/connector", "backend/connector/egress"}},
	{folder: "backend", imports: []string{"backend/soc", "backend/soc/kql", "backend/store", "backend/playbook", "backend/data"}},
	{folder: "backend/web", imports: []string{"backend/soc", "schemas"}},
	{folder: "backend/web/openapi", imports: []string{"backend/soc", "backend/web", "schemas"}},
	{folder: "backend/web/webtest", imports: []string{"backend", "backend/soc", "backend/store", "backend/store/storetest", "backend/web", "backend/web/openapi"}},
	{folder: "backend/portalapi", imports: door},
	{folder: "backend/caseapi", imports: door},
	{folder: "backend/triageapi", imports: door},
	{folder: "backend/opsapi", imports: door},
	{folder: "backend/console", imports: door},
	{folder: "backend/worker", imports: []string{"backend", "backend/soc", "backend/connector", "backend/connector/*", "schemas"}},
	{folder: "tools", imports: []string{"backend", "backend/soc", "backend/web", "schemas", "prompts"}},
	{folder: "agent", imports: []string{"tools", "backend/soc", "prompts"}},
	{folder: "agent/measure", imports: []string{"backend/soc"}},
	{folder: "agent/eval", imports: []string{"backend/soc", "agent/measure"}},
	{folder: "agent/fakellm"}, // speaks the wire only, so that it cannot share a misunderstanding with the loop
	{folder: "cmd/vedette", imports: []string{"*"}},
	{folder: "cmd/check"},
}

// door is what every HTTP family may import; no family may import another.
var door = []string{"backend", "backend/soc", "backend/web", "schemas"}

// home says where a library lives. Production files elsewhere may not import
// it, so an upgrade touches one room. A library without a home fails.
type home struct {
	module string // import path, and everything below it unless a longer row matches
	files  []string
}

// suiteTools are the fixture tools that the MCP conformance suite calls. They
// speak the library directly, because the suite asks for what no tool of ours
// does, and exist under the conformance build tag only.
var suiteTools = []string{"tools/conformance_mcp.go", "tools/conformance_request.go"}

// homes lists every third-party library that production code may use. A home
// is a folder, a folder with /* for those directly below, or one file.
var homes = []home{
	{"cel.dev/cel-go", []string{"backend"}},
	{"github.com/alecthomas/kong", []string{"cmd/vedette"}},
	{"github.com/alexedwards/argon2id", []string{"backend"}},
	{"github.com/boombuler/barcode", []string{"backend/console/enrolment_picture.go"}},
	{"github.com/coreos/go-oidc/v3", []string{"tools/oauth.go", "backend/console/provider.go"}},
	{"github.com/getkin/kin-openapi", []string{"backend/web/webtest"}}, // of a test kit alone
	{"github.com/go-chi/chi/v5", []string{
		"backend/web", "backend/portalapi", "backend/caseapi", "backend/triageapi", "backend/opsapi", "backend/console",
	}},
	{"github.com/google/go-cmp", []string{"backend/web/webtest", "backend/connector/connectortest"}}, // of test kits alone
	{"github.com/google/uuid", []string{"backend", "backend/store", "backend/connector/*", "cmd/vedette"}},
	{"github.com/invopop/jsonschema", []string{"schemas"}},
	{"github.com/santhosh-tekuri/jsonschema/v6", []string{"schemas"}},
	{"github.com/jackc/pgx/v5", []string{"backend/store", "backend/store/bare", "backend/store/pgcluster"}},
	{"github.com/mark3labs/mcp-go", append([]string{"tools/mcp.go"}, suiteTools...)},
	{"github.com/pquerna/otp", []string{"backend"}},
	{"github.com/pressly/goose/v3", []string{"backend/store"}},
	{"github.com/prometheus/client_golang", []string{"backend/web", "cmd/vedette"}},
	{"github.com/riverqueue/river", []string{"backend/store", "backend/worker"}},
	{"github.com/riverqueue/river/riverdriver", []string{"backend/store"}},
	{"github.com/riverqueue/river/rivermigrate", []string{"backend/store"}},
	{"github.com/rogpeppe/go-internal/diff", []string{"backend"}},
	{"github.com/sashabaranov/go-openai", []string{"agent"}},
	{"github.com/sony/gobreaker/v2", []string{"backend/connector"}},
	{"go.opentelemetry.io/otel", []string{"cmd/vedette"}},
	{"go.yaml.in/yaml/v4", []string{"backend/playbook", "cmd/vedette"}},
	{"golang.org/x/text", []string{"backend/soc"}},
	{"golang.org/x/oauth2", []string{"backend/connector", "backend/console/provider.go"}},
	{"golang.org/x/time", []string{"backend/web", "backend/connector"}},
	{"modernc.org/sqlite", []string{"backend/store", "backend/store/bare"}},
}

// testOnly are packages that production code never imports: a kit for tests
// linked into the product is weight, and testing registers flags.
var testOnly = []string{"testing", "net/http/httptest", modulePath + "/backend/store/pgtest", modulePath + "/backend/store/storetest", modulePath + "/backend/web/webtest", modulePath + "/backend/connector/connectortest", modulePath + "/agent/fakellm"}

// testKits are the rooms that are themselves such a kit.
var testKits = []string{"backend/store/pgtest", "backend/store/storetest", "backend/web/webtest", "backend/connector/connectortest", "agent/fakellm"}

// findRoom returns the row for a folder.
func findRoom(folder string) (room, bool) {
	for _, row := range rooms {
		if covers(row.folder, folder) {
			return row, true
		}
	}
	return room{}, false
}

// findHome returns the longest row whose module is path or a parent of it.
func findHome(path string) (home, bool) {
	var best home
	for _, row := range homes {
		if (path == row.module || strings.HasPrefix(path, row.module+"/")) && len(row.module) > len(best.module) {
			best = row
		}
	}
	return best, best.module != ""
}

// covers says whether pattern, a folder or a folder with a trailing /*, or *
// alone for everything, covers name.
func covers(pattern, name string) bool {
	if pattern == "*" || pattern == name {
		return true
	}
	parent, below := strings.CutSuffix(pattern, "/*")
	if !below {
		return false
	}
	child, inside := strings.CutPrefix(name, parent+"/")
	return inside && child != "" && !strings.Contains(child, "/")
}

func coveredByAny(patterns []string, name string) bool {
	for _, pattern := range patterns {
		if covers(pattern, name) {
			return true
		}
	}
	return false
}
