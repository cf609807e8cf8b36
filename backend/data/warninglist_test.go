package data

import (
	"bytes"
	"net/netip"
	"runtime"
	"strings"
	"testing"
)

func ids(lists []WarningList) string {
	var out []string
	for _, list := range lists {
		out = append(out, list.ID)
	}
	return strings.Join(out, " ")
}

func TestT11WarningListLookups(t *testing.T) {
	x := WarningLists()
	for address, want := range map[string]string{
		"10.1.2.3": "rfc1918 rfc5735", "192.168.0.1": "rfc1918 rfc5735", "172.15.255.255": "", "fe80::1": "ipv6-linklocal",
		"fe80::1%eth0": "ipv6-linklocal", "::ffff:10.1.2.3": "rfc1918 rfc5735", "52.168.52.134": "github microsoft-attack-simulator microsoft-azure",
		"146.112.61.104": "sinkholes umbrella-blockpage-v4 umbrella-blockpage-v6", "203.0.113.9": "rfc5735",
	} {
		if got := ids(x.Address(netip.MustParseAddr(address))); got != want {
			t.Errorf("address %s: %q, want %q", address, got, want)
		}
	}
	if got := x.Address(netip.Addr{}); got != nil {
		t.Errorf("no address is on %v", got)
	}
	for name, want := range map[string]string{
		"portal.docdeliveryapp.com": "microsoft-attack-simulator", "LOGIN.portal.docdeliveryapp.com.": "microsoft-attack-simulator",
		"evilportal.docdeliveryapp.com": "", "portal.docdeliveryapp.com.attacker.example": "",
		"virustotal.com": "automated-malware-analysis security-provider-blogpost", "virustotal.com.attacker.example": "",
		"bit.ly": "link-in-bio lots-project url-shortener", "evil.azurewebsites.net": "lots-project microsoft", "": "", "com": "second-level-tlds tlds",
		"docs.google.com": "digitalside google lots-project",
	} {
		if got := ids(x.Domain(name)); got != want {
			t.Errorf("domain %q: %q, want %q", name, got, want)
		}
	}
	for hash, want := range map[string]string{
		"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855": "common-ioc-false-positive empty-hashes ti-falsepositives",
		"d41d8cd98f00b204e9800998ecf8427e":                                 "common-ioc-false-positive empty-hashes ti-falsepositives", strings.Repeat("0", 64): "", "": "",
	} {
		if got := ids(x.Hash(hash)); got != want {
			t.Errorf("hash %q: %q, want %q", hash, got, want)
		}
	}
	for address, want := range map[string]string{
		"Abuse@Example.net": "common-contact-emails", "x@0-mail.com": "disposable-email", "x@sub.0-mail.com": "disposable-email",
		"x@not0-mail.com": "", "no address": "", "@": "",
	} {
		if got := ids(x.Mail(address)); got != want {
			t.Errorf("mail %q: %q, want %q", address, got, want)
		}
	}
}

// Every entry of every list can be found again: nothing is embedded in vain.
func TestT11EveryListIsIndexed(t *testing.T) {
	x := WarningLists()
	used := make([]int, len(x.lists))
	for _, r := range x.ranges {
		used[r.list]++
	}
	for _, keys := range [][]listKey{x.exact, x.suffix, x.mailHosts} {
		for _, k := range keys {
			used[k.list]++
		}
	}
	for _, p := range x.mailPattern {
		used[p.list]++
	}
	for i, list := range x.lists {
		if used[i] < list.Entries {
			t.Errorf("%s: %d of %d entries indexed", list.ID, used[i], list.Entries)
		}
	}
}

func TestWarningListsRefuseADamagedFile(t *testing.T) {
	if _, err := readWarningLists(bytes.NewReader(warningListFile[:len(warningListFile)/2]), warningListGroups); err == nil {
		t.Error("half a file was read")
	}
	if _, err := readWarningLists(bytes.NewReader(warningListFile), []byte(`{"reputation":["akamai"]}`)); err == nil {
		t.Error("lists without a group were read")
	}
	if _, err := readGroups([]byte(`{"a":["x"],"b":["x"]}`)); err == nil {
		t.Error("a list in two groups was read")
	}
}

// An idle server has 80 MB in all; the lists' share is bounded here. Only what
// stays is counted: reading throws the rest away.
func TestWarningListsStaySmall(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	x, err := readWarningLists(bytes.NewReader(warningListFile), warningListGroups)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	kept := int64(after.HeapAlloc) - int64(before.HeapAlloc) //nolint:gosec // heap sizes
	if kept > 8<<20 {
		t.Errorf("the index keeps %d bytes, want at most 8 MiB", kept)
	}
	t.Logf("%d lists keep %d bytes", len(x.lists), kept)
	runtime.KeepAlive(x)
}

func BenchmarkReadWarningLists(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readWarningLists(bytes.NewReader(warningListFile), warningListGroups); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWarningListAddress(b *testing.B) {
	x, address := WarningLists(), netip.MustParseAddr("198.51.100.7")
	for b.Loop() {
		x.Address(address)
	}
}

func BenchmarkWarningListDomain(b *testing.B) {
	x := WarningLists()
	for b.Loop() {
		x.Domain("a.b.example.org")
	}
}
