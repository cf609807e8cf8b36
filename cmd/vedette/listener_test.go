package main

import (
	"net"
	"net/netip"
	"slices"
	"testing"
)

func TestS6ListenerRules(t *testing.T) {
	for _, test := range []struct {
		name    string
		command serveCommand
		starts  bool
	}{
		{"loopback", serveCommand{Listen: "127.0.0.1:8080"}, true},
		{"loopback 6", serveCommand{Listen: "[::1]:8080"}, true},
		{"loopback by name", serveCommand{Listen: "localhost:8080"}, true},
		{"loopback mapped", serveCommand{Listen: "[::ffff:127.0.0.1]:8080"}, true},
		{"loopback for anybody", serveCommand{Listen: "127.0.0.1:8080", NoAuth: true}, true},
		{"all addresses", serveCommand{Listen: "0.0.0.0:8080"}, false},
		{"all addresses unnamed", serveCommand{Listen: ":8080"}, false},
		{"another name", serveCommand{Listen: "localhost.example.org:8080"}, false},
		{"private address", serveCommand{Listen: "10.0.0.1:8080"}, false},
		{"behind a proxy", serveCommand{Listen: "0.0.0.0:8080", TrustedProxy: []string{"10.0.0.0/8"}}, true},
		{"behind a proxy for anybody", serveCommand{Listen: "0.0.0.0:8080", TrustedProxy: []string{"10.0.0.0/8"}, NoAuth: true}, false},
	} {
		rules, err := test.command.rules("vedette.db")
		if (err == nil) != test.starts {
			t.Errorf("%s: %v", test.name, err)
		}
		if rules != nil && err == nil && rules.mayMakeKey != rules.loopback {
			t.Errorf("%s: makes a key for other machines", test.name)
		}
	}
	rules, err := (&serveCommand{Listen: "127.0.0.1:8080"}).rules("postgres://db/vedette")
	if err != nil || rules.mayMakeKey || rules.secretKeyFile != "vedette.db.key" || rules.killFile != "vedette.db.kill" {
		t.Errorf("PostgreSQL: %+v, %v", rules, err)
	}
}

// Behind a declared proxy nobody gets through without it.
func TestS6OnlyTheProxyConnects(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fake := &fakeListener{Listener: inner, from: []string{"192.0.2.7:1", "10.1.2.3:1"}}
	l := &proxyListener{Listener: fake, proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	go func() {
		for range 2 {
			c, err := net.Dial("tcp", inner.Addr().String())
			if err == nil {
				defer func() { _ = c.Close() }()
			}
		}
	}()
	accepted, err := l.Accept()
	if err != nil || accepted.RemoteAddr().String() != "10.1.2.3:1" {
		t.Errorf("%v, %v", accepted.RemoteAddr(), err)
	}
	_ = accepted.Close()
	_ = l.Close()
}

// fakeListener says that connections come from elsewhere.
type fakeListener struct {
	net.Listener
	from []string
}

type fakeConn struct {
	net.Conn
	from net.Addr
}

func (c fakeConn) RemoteAddr() net.Addr { return c.from }

func (l *fakeListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	from, err := net.ResolveTCPAddr("tcp", l.from[0])
	l.from = l.from[1:]
	return fakeConn{c, from}, err
}

func TestS6HostsAndOrigins(t *testing.T) {
	rules := &listenRules{loopback: true, host: "127.0.0.1", origins: []string{"https://Tools.example.org"}}
	hosts, origins := rules.names("http://127.0.0.1:8080")
	for _, host := range []string{"localhost", "127.0.0.1", "::1"} {
		if !slices.Contains(hosts, host) {
			t.Errorf("%s is missing from %v", host, hosts)
		}
	}
	if !slices.Contains(origins, "https://tools.example.org") || !slices.Contains(origins, "http://localhost:8080") || slices.Contains(origins, "http://localhost") {
		t.Error(origins)
	}
	rules = &listenRules{host: "0.0.0.0"}
	hosts, origins = rules.names("https://soc.example.org")
	if !slices.Equal(hosts, []string{"soc.example.org"}) || !slices.Equal(origins, []string{"https://soc.example.org"}) {
		t.Error(hosts, origins)
	}
}

// S48: only on plain HTTP of loopback may the session cookie lack Secure.
func TestS48CookieIsSecure(t *testing.T) {
	for url, want := range map[string]bool{"http://127.0.0.1:8080": false, "https://soc.example.org": true} {
		if got := (&listenRules{loopback: true}).secureCookie(url); got != want {
			t.Errorf("%s: %v", url, got)
		}
	}
	if !(&listenRules{}).secureCookie("http://soc.example.org") {
		t.Error("behind a proxy the cookie is Secure")
	}
}
