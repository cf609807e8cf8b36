package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(code)
}

// run is main for a test: 0 when every step passed, 1 when one failed, 2 for a
// command line that cannot be understood.
func run(ctx context.Context, arguments []string, out io.Writer) int {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { usage(out) }
	house := &house{out: out, ci: inCI()}
	flags.BoolVar(&house.verbose, "v", false, "")
	flags.BoolVar(&house.write, "w", false, "")
	flags.BoolVar(&house.update, "update", false, "")
	flags.IntVar(&house.rounds, "rounds", crashRounds, "")
	flags.DurationVar(&house.soak, "soak", soakTime, "")
	flags.IntVar(&house.examples, "examples", fuzzExamples, "")
	flags.StringVar(&house.database, "db", "", "")
	names, err := parse(flags, arguments)
	if err != nil {
		return 2
	}
	if len(names) == 0 {
		usage(out)
		return 2
	}
	steps, err := choose(names)
	if err != nil {
		fmt.Fprintln(out, "check:", err)
		return 2
	}
	if house.root, err = findRoot(); err != nil {
		fmt.Fprintln(out, "check:", err)
		return 2
	}
	return house.take(ctx, steps)
}

// parse lets flags stand before and after the names of steps.
func parse(flags *flag.FlagSet, arguments []string) ([]string, error) {
	var names []string
	for {
		if err := flags.Parse(arguments); err != nil {
			return nil, err
		}
		if flags.NArg() == 0 {
			return names, nil
		}
		names = append(names, flags.Arg(0))
		arguments = flags.Args()[1:]
	}
}

// choose turns names into steps; ci and pre stand for the steps in them.
func choose(names []string) ([]step, error) {
	var chosen []step
	for _, name := range names {
		before := len(chosen)
		for _, s := range allSteps() {
			if s.name == name || name == "ci" || (name == "pre" && s.quick) {
				chosen = append(chosen, s)
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("there is no step %q; `check` alone lists them", name)
		}
	}
	return chosen, nil
}

func usage(out io.Writer) {
	fmt.Fprint(out, `usage: go run ./cmd/check [-v] STEP...

  ci           every step, in this order
  pre          the quick ones, marked +, before a commit
`)
	for _, s := range allSteps() {
		mark := " "
		if s.quick {
			mark = "+"
		}
		fmt.Fprintf(out, "%s %-12s %s\n", mark, s.name, s.about)
	}
	fmt.Fprintf(out, `
  -v           show the output of every step, not only of those that fail
  -w           fmt, requirements: rewrite the files, the README's table
  -update      session: rewrite its golden
  -rounds N    crash: rounds on each engine (%d)
  -soak TIME   soak: how long on each engine (%v)
  -examples N  fuzz: examples of each operation and phase (%d; %d make over 10,000)
  -db URL      openapi, client, fuzz: an empty PostgreSQL database instead of a file

In CI (VEDETTE_CI=1 or CI=true) tests run with the race detector, and what a
laptop may lack (PostgreSQL, Python, Node) is a failure.
`, crashRounds, soakTime, fuzzExamples, fuzzExamplesFull)
}

// findRoot returns the folder of our go.mod, at or above the working directory.
func findRoot() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module "+modulePath+"\n") {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", fmt.Errorf("run it inside the repository: no go.mod of module %s here or above", modulePath)
		}
		folder = parent
	}
}

func inCI() bool { return os.Getenv("VEDETTE_CI") == "1" || os.Getenv("CI") == "true" }
