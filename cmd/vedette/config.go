package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v4"
)

// config resolves flags from a flat YAML file whose keys are the names of
// flags, such as `listen` or `egress-allow`. kong's own resolvers do not reach
// the flags of commands from nested objects, and would win over environment
// variables.
type config map[string]any

// configFiles are read before --config: the one that VEDETTE_CONFIG names, which
// then has to be there, else vedette.yaml where it exists.
func configFiles() ([]string, error) {
	path, named := os.LookupEnv("VEDETTE_CONFIG")
	if !named || path == "" {
		return []string{"vedette.yaml"}, nil
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("VEDETTE_CONFIG: %w", err)
	}
	return []string{path}, nil
}

// readConfig reads a file whole; what is no mapping of flags is refused.
func readConfig(r io.Reader) (kong.Resolver, error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	c := config{}
	if err := yaml.Load(body, &c); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the configuration is no YAML mapping of flags: %w", err)
	}
	return c, nil
}

// Validate refuses keys that are no flag of any command: a slip in a name must
// not leave a server running without its setting.
func (c config) Validate(app *kong.Application) error {
	known := flagNames(app.Node)
	for key, value := range c {
		if !slices.Contains(known, key) {
			return fmt.Errorf("configuration: %q is no flag; `vedette serve --help` lists them", key)
		}
		if !plain(value) {
			return fmt.Errorf("configuration: %s must be a text, number, true, false or a list of texts", key)
		}
	}
	return nil
}

// plain reports whether a flag can take the value.
func plain(value any) bool {
	switch value := value.(type) {
	case string, bool, int, int64, uint64, float64:
		return true
	case []any:
		return !slices.ContainsFunc(value, func(item any) bool { _, list := item.([]any); return list || !plain(item) })
	}
	return false
}

func flagNames(node *kong.Node) []string {
	var names []string
	for _, flag := range node.Flags {
		if flag.Name != "help" && flag.Name != "config" {
			names = append(names, flag.Name)
		}
	}
	for _, child := range node.Children {
		names = append(names, flagNames(child)...)
	}
	return names
}

// Resolve gives the value of a flag that neither the command line nor the
// environment set.
func (c config) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, found := c[flag.Name]
	if !found || slices.ContainsFunc(flag.Envs, func(name string) bool { _, set := os.LookupEnv(name); return set }) {
		return nil, nil
	}
	list, isList := value.([]any)
	if !isList {
		return fmt.Sprint(value), nil
	}
	parts := make([]string, len(list))
	for i, item := range list {
		parts[i] = fmt.Sprint(item)
	}
	return strings.Join(parts, ","), nil
}
