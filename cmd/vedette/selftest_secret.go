package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// secretKeepers are the files that hold secrets by design.
var secretKeepers = []string{"vedette.db.demo.json", "vedette.db.key"}

// leaked names a file of a folder that holds one of the secrets in clear: the
// database, its log, what the server printed, the range's journal (S54). It
// returns "" where none does.
func leaked(ctx context.Context, folder string, secrets map[string]string) (found string, err error) {
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || found != "" || slices.Contains(secretKeepers, entry.Name()) {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for name, secret := range secrets {
			if secret != "" && bytes.Contains(body, []byte(secret)) {
				found = fmt.Sprintf("%s stands in %s", name, entry.Name())
			}
		}
		return ctx.Err()
	})
	return found, err
}

// secrets are what the demonstration and the attackers authenticate with.
func (t *redteam) secrets() map[string]string {
	keys := t.demo.Keys
	secrets := map[string]string{
		"the case key": keys.Case, "the triage key": keys.Triage, "the agent's key": keys.Agent, "the reading agent's key": keys.AgentReadonly,
		"the operations key": keys.OpsAdmin, "the other agent's key": keys.OtherWorkspaceAgent, "the service account's secret": t.demo.ServiceAccount.ClientSecret,
		"the control's key": t.world.control, "the stopped agent's key": t.world.killed,
	}
	for _, operator := range t.demo.Operators {
		secrets["the password of "+operator.Email] = operator.Password
	}
	for n, key := range t.world.agents {
		secrets[fmt.Sprintf("the key of attacker %d", n)] = key
	}
	return secrets
}
