package soc

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestS32CanonicalForms(t *testing.T) {
	tests := []struct {
		kind  EntityKind
		in    string
		want  string
		valid bool
	}{
		{KindIP, "203.0.113.4", "203.0.113.4", true},
		{KindIP, " 203[.]0[.]113[.]4 ", "203.0.113.4", true},
		{KindIP, "::ffff:203.0.113.4", "203.0.113.4", true},
		{KindIP, "::FFFF:CB00:7104", "203.0.113.4", true},
		{KindIP, "fe80::1%eth0", "fe80::1", true},
		{KindIP, "2001:0DB8:0:0:0:0:0:1", "2001:db8::1", true},
		{KindIP, "[2001:db8::1]", "2001:db8::1", true},
		{KindIP, "203.0.113.004", "203.0.113.004", false},
		{KindIP, "999.1.1.1", "999.1.1.1", false},
		{KindHost, "WS-042$", "ws-042", true},
		{KindHost, `CORP\WS-042$`, "ws-042", true},
		{KindHost, "WS-042.Corp.Example.", "ws-042.corp.example", true},
		{KindHost, "::ffff:10.0.0.1", "10.0.0.1", true},
		{KindHost, "not a host", "not a host", false},
		{KindAccount, "Alice@Corp.Example", "alice@corp.example", true},
		{KindAccount, `CORP\Alice`, `corp\alice`, true},
		{KindAccount, "s-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1001", true},
		{KindAccount, "{EC3EC68B-FDEB-4FE4-9A29-ACD445E1CCC5}", "ec3ec68b-fdeb-4fe4-9a29-acd445e1ccc5", true},
		{KindAccount, "PC01$", "pc01$", true},
		{KindAccount, "", "", false},
		{KindMailbox, "<Bob@Example.COM>", "bob@example.com", true},
		{KindMailbox, "mailto:bob@example.com", "bob@example.com", true},
		{KindMailbox, "bob", "bob", false},
		{KindDomain, "EXAMPLE[.]com.", "example.com", true},
		{KindDomain, "Bücher.example", "xn--bcher-kva.example", true},
		{KindDomain, "例え.テスト", "xn--r8jz45g.xn--zckzah", true},
		{KindDomain, "bad domain", "bad domain", false},
		{KindURL, "hxxps://Evil[.]Example:443/Path?Q=A", "https://evil.example/Path?Q=A", true},
		{KindURL, "HTTP://Example.com", "http://example.com/", true},
		{KindURL, "http://[2001:DB8::1]:8080/x", "http://[2001:db8::1]:8080/x", true},
		{KindURL, "Login.Example.com", "login.example.com", true},
		{KindURL, "http://user:Pass@Host.example/", "http://user:Pass@host.example/", true},
		{KindURL, "no url", "no url", false},
		{KindFileHash, "SHA256=" + strings.Repeat("AB", 32), strings.Repeat("ab", 32), true},
		{KindFileHash, "abc", "abc", false},
		{KindFile, `C:\Windows\System32/CMD.EXE`, `c:\windows\system32\cmd.exe`, true},
		{KindFile, "/usr/Bin/w", "/usr/Bin/w", true},
		{KindFile, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e", true},
		{KindRegistryKey, `HKLM\System\CurrentControlSet\`, `hkey_local_machine\system\currentcontrolset`, true},
		{KindRegistryKey, `HKCU:\Software`, `hkey_current_user\software`, true},
		{KindMailMessage, "<AbC@mail.example>", "AbC@mail.example", true},
		{KindMailMessage, "D6816DE8-FC38-4EB6-42A8-08DC9A179EB6", "d6816de8-fc38-4eb6-42a8-08dc9a179eb6", true},
		{KindCloudResource, "/subscriptions/X/resourceGroups/RG/", "/subscriptions/x/resourcegroups/rg", true},
		{KindCloudResource, "ARN:aws:s3:::Bucket", "arn:aws:s3:::Bucket", true},
		{KindApplication, " Office 365 ", "office 365", true},
	}
	for _, tt := range tests {
		got, valid := CanonicalValue(tt.kind, tt.in)
		if got != tt.want || valid != tt.valid {
			t.Errorf("CanonicalValue(%s, %q) = %q, %v; want %q, %v", tt.kind, tt.in, got, valid, tt.want, tt.valid)
		}
	}
}

func TestCanonicalValueKnowsEveryKind(t *testing.T) {
	for _, kind := range AllEntityKinds {
		if canonicalForms[kind] == nil {
			t.Errorf("kind %s has no canonical form", kind)
		}
	}
}

func checkIdempotent(t interface{ Fatalf(string, ...any) }, kind EntityKind, text string) {
	once, valid := CanonicalValue(kind, text)
	twice, still := CanonicalValue(kind, once)
	if once != twice {
		t.Fatalf("%s: canonical(%q) = %q, but canonical of that is %q", kind, text, once, twice)
	}
	if valid && !still {
		t.Fatalf("%s: %q is valid, its canonical form %q is not", kind, text, once)
	}
	if len(once) > MaxEntityValue {
		t.Fatalf("%s: canonical value of %d bytes", kind, len(once))
	}
}

func TestCanonicalValueIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(AllEntityKinds).Draw(t, "kind")
		checkIdempotent(t, kind, rapid.String().Draw(t, "text"))
	})
}

func FuzzCanonicalValue(f *testing.F) {
	for _, seed := range []string{
		"203.0.113.4", "::ffff:1.2.3.4", "HXXP://a[.]b:80?x", `HKLM:/a\b`, `"C:\a b"`, "<a@b.c>", "mailto:x@y.z", "s-1-5-18",
		"\u212Ap.example", "İstanbul", strings.Repeat("é", 700), "a\u0345b", "[[::1]]", "host$.", `\\?\C:\x`, "{.}", "sha1:=", "ǅ.example",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range AllEntityKinds {
			checkIdempotent(t, kind, text)
		}
	})
}

func TestUniqueNamesJoinTheSameAccount(t *testing.T) {
	byUPN := map[string]string{PropertyUPN: "GSmith@Example.com", PropertyObjectID: "EC3EC68B-FDEB-4FE4-9A29-ACD445E1CCC5"}
	byID := map[string]string{PropertyObjectID: "ec3ec68b-fdeb-4fe4-9a29-acd445e1ccc5"}
	a := UniqueNames(KindAccount, AccountValue(byUPN), byUPN)
	b := UniqueNames(KindAccount, AccountValue(byID), byID)
	if !slices.ContainsFunc(a, func(n string) bool { return slices.Contains(b, n) }) {
		t.Errorf("%v and %v share no name", a, b)
	}
	system := map[string]string{PropertySID: "S-1-5-18"}
	if names := UniqueNames(KindAccount, AccountValue(system), system); len(names) != 0 {
		t.Errorf("SYSTEM is a different account on every host, yet has unique names %v", names)
	}
}

func TestEntityValueOrder(t *testing.T) {
	tests := []struct{ got, want string }{
		{AccountValue(map[string]string{PropertyName: "g", PropertyDomain: "D"}), `d\g`},
		{AccountValue(map[string]string{PropertyName: "g", PropertyDomain: "D", PropertyUPN: "G@x.y"}), "g@x.y"},
		{AccountValue(map[string]string{PropertySID: "S-1-5-18", PropertyName: "SYSTEM"}), "system"},
		{HostValue(map[string]string{PropertyName: "PC1", PropertyDomain: "Corp.Example"}), "pc1.corp.example"},
		{HostValue(map[string]string{PropertyName: "PC1", PropertyFQDN: "pc1.other.example"}), "pc1.other.example"},
		{FileValue(map[string]string{PropertyPath: `C:\A`, PropertyMD5: strings.Repeat("A", 32)}), strings.Repeat("a", 32)},
		{ProcessValue(map[string]string{PropertyProcessID: "7", PropertyHost: "pc1", PropertyCreated: "2024-07-02T00:00:00Z"}), "pc1 pid 7 2024-07-02t00:00:00z"},
		{ProcessValue(map[string]string{PropertyCommandLine: "CMD /c x"}), "cmd /c x"},
		{ShortName(KindHost, "pc1.corp.example"), "pc1"},
		{ShortName(KindHost, "10.0.0.1"), ""},
		{ShortName(KindAccount, `corp\alice`), "alice"},
	}
	for i, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%d: got %q, want %q", i, tt.got, tt.want)
		}
	}
}
