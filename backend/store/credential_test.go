package store

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vedette/backend/soc"
)

func TestS52CredentialRows(t *testing.T) {
	at := time.Date(2026, 4, 15, 20, 0, 0, 0, time.UTC)
	engines(t, func(t *testing.T, s *Store) {
		newWorkspace(t, s, "w")
		ctx := context.Background()
		key := soc.Credential{
			ID: "k", Organization: "org-w", Kind: soc.PrincipalService, Name: "n", Prefix: "vdt_service_abcd", SecretHash: soc.HashSecret("one"),
			Scopes: []soc.Scope{soc.ScopeAlertsWrite}, Workspaces: []string{"w"}, Role: soc.RoleViewer, Source: "wazuh",
			CreatedBy: "root", CreatedAt: at, ExpiresAt: at.Add(time.Hour),
		}
		account := key
		account.ID, account.ClientID, account.SecretHash, account.Source = "a", "client", soc.HashSecret("secret"), ""
		write := func(fn func(tx *Tx) error) {
			t.Helper()
			if err := s.Write(ctx, fn); err != nil {
				t.Fatal(err)
			}
		}
		write(func(tx *Tx) error { return tx.InsertCredential(key) })
		write(func(tx *Tx) error { return tx.InsertCredential(account) })
		by := func(secret string) string {
			t.Helper()
			found, _, err := s.Read(ctx).CredentialBySecret(soc.HashSecret(secret))
			if err != nil {
				t.Fatal(err)
			}
			return found.ID
		}
		found, _, err := s.Read(ctx).Credential("org-w", "k")
		if diff := cmp.Diff(key, found); diff != "" || err != nil {
			t.Error(diff, err)
		}
		if by("secret") != "" {
			t.Error("a service account's secret alone is a key")
		}
		if _, found, _ := s.Read(ctx).Credential("org-other", "k"); found {
			t.Error("another organization's key")
		}
		write(func(tx *Tx) error { return tx.RotateCredential("k", "p", soc.HashSecret("two"), at) })
		if by("one") != "k" || by("two") != "k" {
			t.Error("during the overlap both secrets find the key")
		}
		write(func(tx *Tx) error { return tx.RotateCredential("k", "p", soc.HashSecret("three"), at) })
		if by("one") != "" || by("two") != "k" || by("three") != "k" {
			t.Error("the secret before the former one is gone")
		}
		write(func(tx *Tx) error { return tx.TouchCredential("k", at.Add(time.Hour)) })
		write(func(tx *Tx) error { return tx.TouchCredential("k", at) })
		if found, _, _ := s.Read(ctx).Credential("", "k"); !found.LastUsedAt.Equal(at.Add(time.Hour)) {
			t.Errorf("last used %v", found.LastUsedAt)
		}
	})
}

func TestS49LoginDelayRows(t *testing.T) {
	at := time.Date(2026, 4, 15, 20, 0, 0, 0, time.UTC)
	engines(t, func(t *testing.T, s *Store) {
		newWorkspace(t, s, "w")
		ctx := context.Background()
		p := soc.Person{ID: "p", Organization: "org-w", Email: "a@b.c", Name: "A", PasswordHash: "h", CreatedAt: at, Grants: map[string]soc.Role{"w": soc.RoleSenior}}
		if err := s.Write(ctx, func(tx *Tx) error { return tx.InsertPerson(p) }); err != nil {
			t.Fatal(err)
		}
		if err := s.Write(ctx, func(tx *Tx) error { return tx.InsertPerson(p) }); soc.KindOf(err) != soc.Conflict {
			t.Errorf("the address twice: %v", err)
		}
		var cleared bool
		err := s.Write(ctx, func(tx *Tx) error {
			if n, err := tx.CountLoginFailure("p"); err != nil || n != 1 {
				t.Errorf("%d failures, %v", n, err)
			}
			return tx.SetLoginDelay("p", at.Add(time.Second))
		})
		if err != nil {
			t.Fatal(err)
		}
		for after, want := range map[time.Duration]bool{0: false, 2 * time.Second: true} {
			_ = s.Write(ctx, func(tx *Tx) (err error) {
				if cleared, err = tx.ClearLoginDelay("p", at.Add(after)); err != nil || cleared != want {
					t.Errorf("cleared %v after %v, %v", cleared, after, err)
				}
				return context.Canceled // undo
			})
		}
		if err := s.Write(ctx, func(tx *Tx) error { return tx.SetDisabled("p", true) }); err != nil {
			t.Fatal(err)
		}
		roles, err := s.Read(ctx).RolesIn("w")
		if err != nil || len(roles) != 0 {
			t.Errorf("a disabled person counts: %v, %v", roles, err)
		}
	})
}
