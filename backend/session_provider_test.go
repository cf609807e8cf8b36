package backend

import (
	"testing"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

const issuer = "https://login.example.com"

// knows makes the bench's desk take people of a provider whose group oncall is
// senior in the first workspace.
func (b *bench) knows(groups bool) {
	b.Desk.provider = soc.ProviderRules{Issuer: issuer}
	if groups {
		b.Desk.provider.Grants = []soc.ProviderGrant{
			{Group: "everyone", Workspace: b.first, Role: soc.RoleViewer}, {Group: "oncall", Workspace: b.first, Role: soc.RoleSenior},
		}
	}
}

func (b *bench) comes(subject, email string, groups ...string) (soc.StartedSession, error) {
	return b.Desk.LoginWithProvider(b.t.Context(), soc.ProviderIdentity{Issuer: issuer, Subject: subject, Email: email, Name: "Somebody", Groups: groups}, soc.Caller{})
}

// TestS49ProviderLetsInOnlyWhoIsKnown: without groups, people have to be known
// here by their verified address; the first subject that comes with it is them
// for good.
func TestS49ProviderLetsInOnlyWhoIsKnown(t *testing.T) {
	b := lite(t)
	b.knows(false)
	senior := b.people["sr1"]
	for what, try := range map[string][2]string{
		"no address": {"s-1", ""}, "an unknown address": {"s-1", "nobody@example.org"}, "no subject": {"", senior.Email},
	} {
		if _, err := b.comes(try[0], try[1], "oncall"); soc.KindOf(err) != soc.Denied {
			t.Errorf("%s: %v", what, err)
		}
	}
	started, err := b.comes("s-1", senior.Email)
	if err != nil || started.Person.ID != senior.ID {
		t.Fatalf("%+v, %v", started.Person, err)
	}
	if again, err := b.comes("s-1", "changed@example.org"); err != nil || again.Person.ID != senior.ID {
		t.Errorf("with another address: %v", err)
	}
	if _, err := b.comes("s-2", senior.Email); soc.KindOf(err) != soc.Conflict {
		t.Errorf("another subject with the same address: %v", err)
	}
	b.Desk.provider.Issuer = "https://other.example.com"
	if _, err := b.comes("s-1", senior.Email); soc.KindOf(err) != soc.Denied {
		t.Errorf("a provider that is not configured: %v", err)
	}
}

// TestS49ProviderGroupsAreTheRoles: groups make people, raise and lower them,
// and shut them out; a change ends what was open.
func TestS49ProviderGroupsAreTheRoles(t *testing.T) {
	b := lite(t)
	b.knows(true)
	if _, err := b.comes("new", "new@example.org", "kitchen"); soc.KindOf(err) != soc.Denied {
		t.Errorf("a group without a role: %v", err)
	}
	started, err := b.comes("new", "new@example.org", "oncall", "everyone")
	if err != nil || started.Person.Grants[b.first] != soc.RoleSenior || started.Person.OrganizationAdmin {
		t.Fatalf("%+v, %v", started.Person, err)
	}
	if _, err := b.Desk.Login(t.Context(), soc.Login{Email: "new@example.org", Password: ""}, soc.Caller{}); err == nil {
		t.Error("a person of the provider signs in with a password")
	}
	lower, err := b.comes("new", "", "everyone")
	if err != nil || lower.Person.Grants[b.first] != soc.RoleViewer || lower.Person.ID != started.Person.ID {
		t.Fatalf("%+v, %v", lower.Person, err)
	}
	if _, err := b.Desk.AuthenticateSession(t.Context(), started.Token, soc.Caller{}); err == nil {
		t.Error("the session of the senior outlived the role")
	}
	if _, err := b.comes("new", ""); soc.KindOf(err) != soc.Denied {
		t.Errorf("without any group: %v", err)
	}
	if _, err := b.Desk.AuthenticateSession(t.Context(), lower.Token, soc.Caller{}); err == nil {
		t.Error("the session outlived the last role")
	}
	err = b.Desk.store.View(t.Context(), func(r *store.Reader) error {
		p, _, err := r.Person(started.Person.ID)
		if len(p.Grants) != 0 {
			t.Errorf("roles left: %v", p.Grants)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestS48ProviderStepUpIsTheSamePersonAndNow: renewing a session takes the same
// subject, asked again within the last five minutes.
func TestS48ProviderStepUpIsTheSamePersonAndNow(t *testing.T) {
	b := lite(t)
	b.knows(false)
	started, err := b.comes("s-1", b.people["sr1"].Email)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.comes("s-2", b.people["sr2"].Email); err != nil {
		t.Fatal(err)
	}
	by, err := b.Desk.AuthenticateSession(t.Context(), started.Token, soc.Caller{})
	if err != nil {
		t.Fatal(err)
	}
	by.Session = true
	proof := soc.ProviderIdentity{Issuer: issuer, Subject: "s-1", AuthenticatedAt: b.Desk.clock()}
	other, old := proof, proof
	other.Subject, old.AuthenticatedAt = "s-2", b.Desk.clock().Add(-soc.FreshFor-time.Second)
	for what, who := range map[string]soc.ProviderIdentity{"somebody else": other, "an old proof": old, "no time": {Issuer: issuer, Subject: "s-1"}} {
		if _, err := b.Desk.ReauthenticateWithProvider(t.Context(), by, who); soc.KindOf(err) != soc.Denied {
			t.Errorf("%s: %v", what, err)
		}
	}
	renewed, err := b.Desk.ReauthenticateWithProvider(t.Context(), by, proof)
	if err != nil || renewed.Token == started.Token {
		t.Fatal(err)
	}
	if _, err := b.Desk.AuthenticateSession(t.Context(), started.Token, soc.Caller{}); err == nil {
		t.Error("the old token lives")
	}
}
