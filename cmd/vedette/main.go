// Command vedette is the one binary: it parses, opens, wires, serves and
// closes. `vedette serve` is the server; the other commands work on the same
// database with the authority of the host and are audited as such.
//
// Never here: a rule, a statement of SQL, a sentence to a model. Wiring stands
// in one small file per part, so that a part is added with one line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"vedette/agent/eval"
)

// program is the command line. Every flag has an environment variable
// VEDETTE_<FLAG> and a name in the configuration file.
type program struct {
	Config kong.ConfigFlag `help:"Read flags from this YAML file ($$VEDETTE_CONFIG; default: vedette.yaml where it exists)." placeholder:"FILE" env:"-"`
	DB     string          `name:"db" default:"vedette.db" help:"Database: a file of the embedded engine, or postgres://..."`
	JSON   bool            `name:"json" help:"Print machine-readable output."`

	Serve      serveCommand      `cmd:"" help:"Run the server: REST, MCP, console and workers in one process."`
	MCP        mcpCommand        `cmd:"" name:"mcp" help:"Serve the agent tools on standard input and output."`
	Agent      agentCommand      `cmd:"" help:"Investigate with a model, as a process of its own beside a server."`
	Ingest     ingestCommand     `cmd:"" help:"Store alerts and incidents from files."`
	Triage     triageCommand     `cmd:"" help:"Triage an incident."`
	Users      usersCommand      `cmd:"" help:"People who sign in."`
	Keys       keysCommand       `cmd:"" help:"API keys and service accounts."`
	Workspaces workspacesCommand `cmd:"" help:"Workspaces and their agent settings."`
	Playbooks  playbooksCommand  `cmd:"" help:"Triage playbooks, as YAML files."`
	Policy     policyCommand     `cmd:"" help:"The policy of a workspace as data: show, compare, apply, check, history."`
	Connectors connectorsCommand `cmd:"" help:"Ways out to security products."`
	Webhooks   webhooksCommand   `cmd:"" help:"Webhooks: what they were told; pause, resume, try again."`
	KillSwitch killSwitchCommand `cmd:"" help:"Stop everything that acts."`
	Audit      auditCommand      `cmd:"" help:"The tamper-evident record."`
	Backup     backupCommand     `cmd:"" help:"Copies of the database: make, check, put back."`
	Eval       evalCommand       `cmd:"" help:"Measure the triage against labelled sets."`
	Bench      benchCommand      `cmd:"" help:"Measure the product beside the raw engine, in databases made for it."`
	Selftest   selftestCommand   `cmd:"" help:"Prove on a copy or an empty instance that the promises hold."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
	kong.Plugins
}

// environment is what a command may touch of the world.
type environment struct {
	program *program
	in      io.Reader
	out     io.Writer
	err     io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// exit leaves the parser, which calls an exit function after --help.
type exit int

// run is main for a test: 0 for success, 1 for a failure, 2 for a command line
// or configuration that cannot be understood.
func run(ctx context.Context, arguments []string, in io.Reader, out, stderr io.Writer) (code int) {
	defer func() {
		switch left := recover().(type) {
		case nil:
		case exit:
			code = int(left)
		default:
			panic(left) // a fault of ours must not pass for a success
		}
	}()
	cli := program{Plugins: fixtureCommands()}
	env := &environment{program: &cli, in: in, out: out, err: stderr}
	files, err := configFiles()
	if err != nil {
		fmt.Fprintln(stderr, "vedette:", err)
		return 2
	}
	parser, err := kong.New(&cli,
		kong.Name("vedette"), kong.Description("Lets LLM agents work a security team's incidents safely."),
		kong.UsageOnError(), kong.Writers(out, stderr), kong.Exit(func(code int) { panic(exit(code)) }),
		kong.DefaultEnvars("VEDETTE"), kong.Configuration(readConfig, files...),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Vars{"sections": sectionNames(), "sets": strings.Join(slices.Concat(eval.Sets(), eval.QuestionSets(), eval.InjectionSets()), ", ")}, kong.Bind(env), kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(stderr, "vedette:", err)
		return 2
	}
	command, err := parser.Parse(arguments)
	if err != nil {
		fmt.Fprintln(stderr, "vedette:", err)
		return 2
	}
	if err := command.Run(); err != nil && !errors.Is(err, context.Canceled) {
		env.fail(err)
		return 1
	}
	return 0
}
