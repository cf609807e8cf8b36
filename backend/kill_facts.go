package backend

import (
	"errors"
	"io/fs"
	"os"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// killFacts says which kill switches stop a request: those stored, and the
// marker file, which stops the whole server while it exists (S33). A marker
// that cannot be looked at counts as there.
func (d *Desk) killFacts(r *store.Reader, by soc.Actor, workspace string) (soc.KillFacts, error) {
	agent := ""
	if by.Kind == soc.PrincipalAgent {
		agent = by.ID
	}
	w, found, err := r.Workspace(workspace)
	if err != nil || !found {
		return soc.KillFacts{Global: true}, err
	}
	k, err := r.Kill(w, agent)
	k.Global = k.Global || d.killFileStands()
	return k, err
}

func (d *Desk) killFileStands() bool {
	if d.killFile == "" {
		return false
	}
	_, err := os.Stat(d.killFile)
	return !errors.Is(err, fs.ErrNotExist)
}
