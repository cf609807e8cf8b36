package egress

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"vedette/backend/soc"
)

func policy(t testing.TB, allow ...string) *Policy {
	t.Helper()
	p, err := NewPolicy(allow)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// refusedURLs is the table of S50; PORT is the loopback listener's port.
var refusedURLs = []string{
	// Loopback in every spelling.
	"https://127.0.0.1/", "https://127.0.0.1:PORT/", "https://127.1:PORT/", "https://127.0.1:PORT/", "https://127.255.255.254:PORT/",
	"https://2130706433:PORT/", "https://0x7f000001:PORT/", "https://0x7f.0.0.1:PORT/", "https://0177.0.0.1:PORT/", "https://017700000001:PORT/",
	"https://127.0.0.1.:PORT/", "https://0:PORT/", "https://0.0.0.0:PORT/", "https://[::]:PORT/", "https://[::1]:PORT/", "https://[0:0:0:0:0:0:0:1]:PORT/",
	"https://[::ffff:127.0.0.1]:PORT/", "https://[::ffff:7f00:1]:PORT/", "https://[::127.0.0.1]:PORT/", "https://[::ffff:0:127.0.0.1]:PORT/",
	"https://localhost:PORT/", "https://LOCALHOST:PORT/", "https://localhost.:PORT/", "https://a.localhost:PORT/", "https://[::1%25lo]:PORT/", "https://::1:PORT/",
	"https://①②⑦.⓪.⓪.①:PORT/", "https://127。0。0。1:PORT/", "https://127%2e0%2e0%2e1:PORT/", "https://%31%32%37.0.0.1:PORT/",
	// Private, link-local, shared, reserved, translated.
	"https://10.0.0.5/", "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.1.1/", "https://100.64.0.1/", "https://100.100.100.200/",
	"https://169.254.169.254/latest/meta-data/", "https://[::ffff:169.254.169.254]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b:1::a9fe:a9fe]/",
	"https://[2002:7f00:1::]/", "https://[2002:a9fe:a9fe::1]/", "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "https://[fd00:ec2::254]/", "https://[fd12::1]/", "https://[fe80::1]/",
	"https://[fec0::1]/", "https://[ff02::1]/", "https://224.0.0.1/", "https://255.255.255.255/", "https://240.0.0.1/", "https://198.18.0.1/", "https://192.0.0.192/",
	"https://168.63.129.16/", "https://[4000::1]/", "https://2852039166/", "https://0xa9.0xfe.0xa9.0xfe/",
	// Names of the inside.
	"https://metadata.google.internal/", "https://intranet/", "https://printer.local/", "https://router.home.arpa/",
	// Schemes, ports, credentials, fragments.
	"http://example.com/", "HTTP://127.0.0.1:PORT/", "file:///etc/passwd", "FILE://127.0.0.1/etc/passwd", "gopher://127.0.0.1:PORT/_x", "ftp://example.com/", "javascript:alert(1)",
	"data:text/plain,x", "unix:///var/run/docker.sock", "//example.com/", "/relative", "example.com", "",
	"https://example.com:22/", "https://example.com:80/", "https://example.com:65536/", "https://example.com:0443/", "https://example.com:/", "https://example.com:-1/",
	"https://user@127.0.0.1:PORT/", "https://example.com@127.0.0.1:PORT/", "https://user:pw@example.com/", "https://@example.com/", "https://example.com/#frag", "https://example.com#@127.0.0.1:PORT/",
	// Bytes that parsers disagree about.
	"https://example.com\r\nHost: 127.0.0.1:PORT/", "https://example.com/%0d%0a\r\n", "https://example.com\\@127.0.0.1:PORT/", "https:\\\\127.0.0.1:PORT/", "https://exa mple.com/", "https://example.com\t.evil/",
	"https://example.com\x00.evil/", "https://exam\u200bple.com/", "https://пример.рф/", "https://-a.example/", "https://a..example/", "https://.example/", "https:///path", "https:example.com", "https://[::1/", "https://[127.0.0.1]:PORT/",
	"https://" + strings.Repeat("a", 64) + ".example/", "https://example.com/" + strings.Repeat("a", maxURL),
}

func TestS50URLsAreRefusedAtSaveAndAtSend(t *testing.T) {
	in := listen(t)
	p := policy(t)
	client := p.Client(Options{})
	for _, raw := range refusedURLs {
		raw = strings.ReplaceAll(raw, "PORT", in.port)
		refused := p.Check(raw)
		if refused == nil {
			t.Errorf("save accepts %q", raw)
			continue
		}
		if refused.Kind != soc.Invalid || refused.Code != soc.CodeValidationError || len(refused.Fields["url"]) != 1 || refused.Fix == "" {
			t.Errorf("%q: unhelpful error %+v", raw, refused)
		}
		if resp, err := client.Get(raw); err == nil {
			resp.Body.Close()
			t.Errorf("send accepts %q", raw)
		}
	}
	if n := in.count.Load(); n != 0 {
		t.Errorf("the loopback listener saw %d connections", n)
	}
}

func TestCheckAccepts(t *testing.T) {
	for _, raw := range []string{
		"https://example.com", "https://example.com/", "https://EXAMPLE.com:443/a?b=c", "https://example.com:8443/x", "https://xn--e1afmkfd.xn--p1ai/",
		"https://8.8.8.8/", "https://[2606:4700:4700::1111]/", "https://a-b.c_d.example.com/%20", "https://1.example/", "https://0x7f.example.com/",
	} {
		if err := policy(t).Check(raw); err != nil {
			t.Errorf("%s: %v", raw, err.Fields)
		}
	}
}

func TestAllowListOpensOnlyWhatItNames(t *testing.T) {
	p := policy(t, "10.20.0.0/16", "127.0.0.1:9000", "localhost:11434", "splunk.corp.internal", "[fd12::1]:8089", "fd34::7")
	for raw, want := range map[string]bool{
		"http://10.20.3.4:8089/": true, "https://10.21.0.1/": false,
		"http://127.0.0.1:9000/": true, "http://127.0.0.1:9001/": false, "https://127.0.0.1/": false,
		"http://localhost:11434/v1": true, "http://LocalHost:11434/v1": true, "http://localhost:11435/v1": false, "http://a.localhost:11434/": false,
		"http://splunk.corp.internal:8089/": true, "https://splunk.corp.internal/": true, "https://other.corp.internal/": false,
		"http://[fd12::1]:8089/": true, "http://[fd12:0::1]:8089/": true, "http://[fd12::1]/": false, "http://[fd34::7]:1/": true,
		// What nobody may ask for stays refused even for a named host.
		"http://user@localhost:11434/": false, "http://localhost:11434/#x": false, "file://localhost:11434/": false, "http://[::ffff:10.20.3.4]/": false, "http://169.254.169.254/": false,
	} {
		if got := p.Check(raw) == nil; got != want {
			t.Errorf("Check(%s) allowed=%v, want %v", raw, got, want)
		}
	}
	for _, bad := range []string{"10.20.0.1/16", "*.example.com", "http://x", "a b", ":80", "x:0", "x:99999", "", "::ffff:1.2.3.4", "::ffff:1.2.3.0/120", "127.1", "[127.0.0.1]:80", "fe80::1%eth0"} {
		if _, err := NewPolicy([]string{bad}); err == nil {
			t.Errorf("allow list accepts %q", bad)
		}
	}
}

// FuzzCheck looks for a URL that passes and still means something else to
// net/http: the host that is dialled must be the host that was judged.
func FuzzCheck(f *testing.F) {
	for _, raw := range refusedURLs {
		f.Add(raw)
	}
	f.Add("https://example.com:8443/a?b=c")
	p := policy(f)
	f.Fuzz(func(t *testing.T, raw string) {
		if p.Check(raw) != nil {
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Fragment != "" {
			t.Fatalf("passed %q", raw)
		}
		if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
			if what, _ := closed(addr); what != "" || !addr.IsGlobalUnicast() || addr.IsPrivate() {
				t.Fatalf("passed %q, %s", raw, what)
			}
		}
	})
}

func port(t *testing.T, text string) uint16 {
	t.Helper()
	addr, err := netip.ParseAddrPort("127.0.0.1:" + text)
	if err != nil {
		t.Fatal(err)
	}
	return addr.Port()
}
