package store

import (
	"fmt"
	"slices"

	"vedette/backend/soc"
)

// storedProtected is the stored form of soc.ProtectedEntry.
type storedProtected struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Value  string `json:"value"`
	Mode   string `json:"mode"`
	Reason string `json:"reason"`
}

// readProtected reads the protected list; an absent, damaged or unknown one is
// not loaded, and then nothing may change state (S32).
func (r *Reader) readProtected(facts *soc.PolicyFacts) error {
	part, found, err := one(r, scanPolicyRow, `SELECT '', entries, hash FROM protected_list WHERE workspace_id = $1`, facts.Workspace)
	if err != nil {
		return err
	}
	var stored []storedProtected
	fault := fmt.Errorf("protected list: there is none")
	if found {
		fault = part.open("protected", facts.Workspace, &stored)
	}
	for _, p := range stored {
		if fault == nil && (p.Mode != "two_person" && p.Mode != "never" || !slices.Contains(soc.AllProtectedKinds, p.Kind) || p.Value == "") {
			fault = fmt.Errorf("protected list: an entry has a value that may not be")
		}
		facts.Protected = append(facts.Protected, soc.ProtectedEntry{
			ID: p.ID, Workspace: facts.Workspace, Kind: p.Kind, Value: p.Value, Mode: p.Mode, Reason: p.Reason,
		})
	}
	if fault != nil {
		facts.Protected, facts.Faults = nil, append(facts.Faults, fault.Error())
	}
	facts.ProtectedLoaded = fault == nil
	return nil
}

// Protected reads the protected list of a workspace, nil where none is loaded.
func (r *Reader) Protected(workspace string) ([]soc.ProtectedEntry, error) {
	facts := soc.PolicyFacts{Workspace: workspace}
	err := r.readProtected(&facts)
	return facts.Protected, err
}

// SaveProtected stores the whole protected list of a workspace.
func (tx *Tx) SaveProtected(workspace string, entries []soc.ProtectedEntry) error {
	stored := make([]storedProtected, len(entries))
	for i, e := range entries {
		stored[i] = storedProtected{e.ID, e.Kind, e.Value, e.Mode, e.Reason}
	}
	record := list(stored)
	return tx.insert(`INSERT INTO protected_list (workspace_id, entries, hash) VALUES ($1, $2, $3)
ON CONFLICT (workspace_id) DO UPDATE SET entries = excluded.entries, hash = excluded.hash`,
		workspace, record, policyHash("protected", workspace, "", record))
}
