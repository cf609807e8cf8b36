package store

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
)

// newWorkspace stores an organization with one workspace of shipped policy.
func newWorkspace(t *testing.T, s *Store, id string) {
	t.Helper()
	at := time.Date(2026, 4, 15, 20, 0, 0, 0, time.UTC)
	err := s.Write(context.Background(), func(tx *Tx) error {
		if err := tx.InsertOrganization(soc.Organization{ID: "org-" + id, Name: "O", CreatedAt: at}); err != nil {
			return err
		}
		if err := tx.InsertWorkspace(soc.Workspace{ID: id, Organization: "org-" + id, Name: "W", PolicyVersion: 1, CreatedAt: at}); err != nil {
			return err
		}
		for _, severity := range soc.AllSeverities {
			if err := tx.SaveSettings(soc.ShippedSettings(id, severity)); err != nil {
				return err
			}
		}
		if err := tx.SaveLimits(id, soc.ShippedLimits()); err != nil {
			return err
		}
		if err := tx.SaveRules(id, nil); err != nil {
			return err
		}
		return tx.SaveProtected(id, []soc.ProtectedEntry{{ID: "1", Kind: "host", Value: "dc01", Mode: "never", Reason: "r"}})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPolicyIsReadAsWritten(t *testing.T) {
	engines(t, func(t *testing.T, s *Store) {
		newWorkspace(t, s, "w")
		facts, err := s.Read(context.Background()).Policy("w")
		if err != nil {
			t.Fatal(err)
		}
		want := soc.PolicyFacts{
			Workspace: "w", Version: 1, Settings: map[soc.Severity]soc.AgentSettings{}, Limits: soc.ShippedLimits(),
			Protected: []soc.ProtectedEntry{{ID: "1", Workspace: "w", Kind: "host", Value: "dc01", Mode: "never", Reason: "r"}},
			Disabled:  map[string]string{}, PolicyLoaded: true, ProtectedLoaded: true,
		}
		for _, severity := range soc.AllSeverities {
			want.Settings[severity] = soc.ShippedSettings("w", severity)
		}
		if diff := cmp.Diff(want, facts); diff != "" {
			t.Error(diff)
		}
		missing, err := s.Read(context.Background()).Policy("nowhere")
		if err != nil || missing.PolicyLoaded || missing.ProtectedLoaded || missing.Version != 0 {
			t.Errorf("a policy of no workspace: %+v, %v", missing, err)
		}
	})
}

// Damage to any part is noticed by its hash, and what is damaged is not loaded
// (g4, S32).
func TestS32DamagedPolicyIsNotLoaded(t *testing.T) {
	for name, damage := range map[string]string{
		"settings changed by hand":  `UPDATE agent_settings SET settings = REPLACE(settings, '"gamebooks":false', '"gamebooks":true') WHERE severity = 'high'`,
		"settings of another":       `UPDATE agent_settings SET settings = (SELECT settings FROM agent_settings WHERE severity = 'low'), hash = (SELECT hash FROM agent_settings WHERE severity = 'low') WHERE severity = 'high'`,
		"severity missing":          `DELETE FROM agent_settings WHERE severity = 'high'`,
		"limits cut off":            `UPDATE workspace_limits SET limits = '{'`,
		"limits missing":            `DELETE FROM workspace_limits`,
		"protected list emptied":    `UPDATE protected_list SET entries = '[]'`,
		"protected list missing":    `DELETE FROM protected_list`,
		"rules missing":             `DELETE FROM policy_rules`,
		"rules changed by hand":     `UPDATE policy_rules SET rules = '[] '`,
		"protected list with trash": `UPDATE protected_list SET entries = entries || ' []'`,
	} {
		t.Run(name, func(t *testing.T) {
			s := openSQLite(t)
			newWorkspace(t, s, "w")
			if err := s.Write(context.Background(), func(tx *Tx) error { return tx.insert(damage) }); err != nil {
				t.Fatal(err)
			}
			facts, err := s.Read(context.Background()).Policy("w")
			if err != nil {
				t.Fatal(err)
			}
			if facts.PolicyLoaded && facts.ProtectedLoaded || len(facts.Faults) == 0 {
				t.Errorf("loaded %v and %v, faults %v", facts.PolicyLoaded, facts.ProtectedLoaded, facts.Faults)
			}
			if !facts.ProtectedLoaded && facts.Protected != nil {
				t.Error("entries of a list that is not to be trusted")
			}
		})
	}
}
