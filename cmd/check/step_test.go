package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestAFailedStepShowsItsOutputAndDoesNotStopTheRest(t *testing.T) {
	say := func(text string, result error) func(*house, context.Context, *journal) error {
		return func(_ *house, _ context.Context, j *journal) error {
			fmt.Fprintln(j, text)
			return result
		}
	}
	steps := []step{
		{"one", "fails", true, say("output of one", errors.New("broken"))},
		{"two", "passes", true, say("output of two", nil)},
		{"three", "needs something", true, say("", fmt.Errorf("wrapped: %w", lacking("a thing")))},
	}
	for _, c := range []struct {
		ci     bool
		want   []string
		absent []string
	}{
		{false, []string{"output of one", "one          FAILED", "two          passed", "three        skipped: this machine lacks a thing", "1 of 3 steps failed: one"}, []string{"output of two"}},
		{true, []string{"three        FAILED", "2 of 3 steps failed: one, three"}, []string{"skipped"}},
	} {
		var out strings.Builder
		code := (&house{out: &out, ci: c.ci}).take(t.Context(), steps)
		if code != 1 {
			t.Errorf("ci %v: exit code %d, want 1", c.ci, code)
		}
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("ci %v: %q is missing in\n%s", c.ci, want, &out)
			}
		}
		for _, absent := range c.absent {
			if strings.Contains(out.String(), absent) {
				t.Errorf("ci %v: %q stands in\n%s", c.ci, absent, &out)
			}
		}
	}
}

func TestStepsAreChosenByName(t *testing.T) {
	names := func(arguments ...string) string {
		chosen, err := choose(arguments)
		if err != nil {
			return err.Error()
		}
		var list []string
		for _, s := range chosen {
			list = append(list, s.name)
		}
		return strings.Join(list, " ")
	}
	for want, arguments := range map[string][]string{
		"rooms fmt": {"rooms", "fmt"},
		"fmt rooms vet lint digest goldens requirements test conformance inspector session openapi client fuzz crash selftest soak clean": {"ci"},
		"fmt rooms vet lint digest goldens requirements":      {"pre"},
		"there is no step \"fmtt\"; `check` alone lists them": {"fmtt"},
	} {
		if got := names(arguments...); got != want {
			t.Errorf("%v: %s, want %s", arguments, got, want)
		}
	}
	var out strings.Builder
	if code := run(t.Context(), nil, &out); code != 2 || !strings.Contains(out.String(), "usage:") {
		t.Errorf("no argument: exit code %d and %q, want 2 and the usage", code, &out)
	}
}

func TestJournalPassesWholeLinesOn(t *testing.T) {
	var live strings.Builder
	j := &journal{live: &live, show: func(line string) bool { return strings.HasPrefix(line, "ok") }}
	for _, piece := range []string{"ok  \ta", "\t1s\n--- no", "ise\nok", "  \tb\t2s\n"} {
		fmt.Fprint(j, piece)
	}
	if got, want := live.String(), "ok  \ta\t1s\nok  \tb\t2s\n"; got != want {
		t.Errorf("passed on %q, want %q", got, want)
	}
	if got, want := j.text.String(), "ok  \ta\t1s\n--- noise\nok  \tb\t2s\n"; got != want {
		t.Errorf("kept %q, want %q", got, want)
	}
}

func TestDifferenceShowsTheChangedStretchOnly(t *testing.T) {
	got := lineDifference([]byte("a\nb\nc\nd\ne\nf\n"), []byte("a\nb\nc\nd\nX\nf\n"))
	if want := "  b\n  c\n  d\n- e\n+ X\n  f\n  \n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
