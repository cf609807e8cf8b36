package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// libcFault checks that the build uses exactly the modernc.org/libc that
// modernc.org/sqlite was generated against. The two are translated from C as a
// pair; another library (goose v3.29.0 did) can lift libc past it unseen, and
// the database then runs on a C library nobody tested it with.
func libcFault(root string) (string, error) {
	demanded, err := demandedLibc(root)
	if err != nil {
		return "", err
	}
	selected, err := goList(root, "{{.Version}}", "modernc.org/libc")
	if err != nil {
		return "", err
	}
	if selected != demanded {
		return fmt.Sprintf("the build selects modernc.org/libc %s, but modernc.org/sqlite demands exactly %s", selected, demanded), nil
	}
	return "", nil
}

func demandedLibc(root string) (string, error) {
	name, err := goList(root, "{{.GoMod}}", "modernc.org/sqlite")
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == "modernc.org/libc" {
			return fields[1], nil
		}
	}
	return "", fmt.Errorf("%s requires no modernc.org/libc", name)
}

func goList(root, format, module string) (string, error) {
	command := exec.Command("go", "list", "-m", "-f", format, module)
	command.Dir = root
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("go list -m %s: %w", module, err)
	}
	return strings.TrimSpace(string(output)), nil
}
