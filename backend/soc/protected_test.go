package soc

import "testing"

func TestS32ProtectedUnderEveryName(t *testing.T) {
	list := []ProtectedEntry{
		{Kind: ProtectedCIDR, Value: "10.0.0.5", Mode: "two_person"},
		{Kind: ProtectedCIDR, Value: "192.168.7.0/24", Mode: "two_person"},
		{Kind: ProtectedHost, Value: "DC01", Mode: "two_person"},
		{Kind: ProtectedAccount, Value: "svc-*", Mode: "never"},
		{Kind: ProtectedObjectID, Value: "A2D0F7C2-b0a0-43bd-bce0-27d8ae3be4d0", Mode: "never"},
		{Kind: ProtectedDomain, Value: "corp.example", Mode: "two_person"},
	}
	for _, c := range []struct {
		name   string
		entity Entity
		want   Protection
	}{
		{"address", Entity{Kind: KindIP, Value: "10.0.0.5"}, ProtectionTwoPerson},
		{"mapped", Entity{Kind: KindIP, Value: "::ffff:10.0.0.5"}, ProtectionTwoPerson},
		{"prefix", Entity{Kind: KindIP, Value: "192.168.7.99"}, ProtectionTwoPerson},
		{"other address", Entity{Kind: KindIP, Value: "10.0.0.50"}, ProtectionNone},
		{"fqdn", Entity{Kind: KindHost, Value: "dc01.corp.local"}, ProtectionTwoPerson},
		{"machine account spelling", Entity{Kind: KindHost, Value: "DC01$"}, ProtectionTwoPerson},
		{"alias", Entity{Kind: KindHost, Value: "dev-7", Names: []string{"dc01"}}, ProtectionTwoPerson},
		{"address of a host", Entity{Kind: KindHost, Value: "web", Properties: map[string]string{"ip": "10.0.0.5"}}, ProtectionTwoPerson},
		{"longer name", Entity{Kind: KindHost, Value: "dc012"}, ProtectionNone},
		{"wildcard", Entity{Kind: KindAccount, Value: `corp\svc-backup`}, ProtectionNever},
		{"wildcard upn", Entity{Kind: KindAccount, Value: "svc-sql@other.example"}, ProtectionNever},
		{"object id", Entity{Kind: KindAccount, Value: "x", Properties: map[string]string{"object_id": "a2d0f7c2-b0a0-43bd-bce0-27d8ae3be4d0"}}, ProtectionNever},
		{"domain of an address", Entity{Kind: KindMailbox, Value: "a@mail.corp.example"}, ProtectionTwoPerson},
		{"url", Entity{Kind: KindURL, Value: "https://corp.example/x"}, ProtectionTwoPerson},
		{"look-alike domain", Entity{Kind: KindDomain, Value: "evilcorp.example"}, ProtectionNone},
	} {
		if got := ProtectionOf(list, c.entity); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if ProtectionOf([]ProtectedEntry{{Kind: "moon", Value: "x", Mode: "two_person"}}, Entity{Kind: KindIP, Value: "1.2.3.4"}) == ProtectionNone {
		t.Error("an entry nobody can read must protect")
	}
}
