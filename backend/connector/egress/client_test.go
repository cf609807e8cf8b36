package egress

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// inside is a loopback listener that counts who connects.
type inside struct {
	net.Listener
	port  string
	count atomic.Int64
}

func listen(t *testing.T) *inside {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	in := &inside{Listener: l}
	_, in.port, _ = net.SplitHostPort(l.Addr().String())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			in.count.Add(1)
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return in
}

// TestS50DialledAddressIsChecked skips every check of the URL: what the socket
// is about to reach decides alone.
func TestS50DialledAddressIsChecked(t *testing.T) {
	in := listen(t)
	p := policy(t)
	p.ports[port(t, in.port)] = true // so that the port is not what refuses
	resolver := names(map[string][]string{
		"four.example.com": {"127.0.0.1"}, "six.example.com": {"::1"}, "sixmapped.example.com": {"::ffff:127.0.0.1"},
		"sixnat.example.com": {"64:ff9b::7f00:1"}, "meta.example.com": {"169.254.169.254"}, "any.example.com": {"0.0.0.0"},
	})
	d := &dialer{policy: p, resolver: resolver}
	for _, host := range []string{
		"127.0.0.1", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "0", "0.0.0.0", "::", "::1", "::ffff:127.0.0.1", "localhost", "::1%lo",
		"four.example.com", "six.example.com", "sixmapped.example.com", "sixnat.example.com", "meta.example.com", "any.example.com",
		"169.254.169.254", "10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fd00::1", "fe80::1", "100.64.0.1", "224.0.0.1",
	} {
		c, err := d.dial(t.Context(), "tcp", net.JoinHostPort(host, in.port))
		if err == nil {
			c.Close()
			t.Errorf("dialled %s", host)
		}
	}
	if _, err := d.dial(t.Context(), "tcp", "four.example.com:22"); !errors.Is(err, ErrRefused) {
		t.Errorf("port 22: %v", err)
	}
	if n := in.count.Load(); n != 0 {
		t.Errorf("the loopback listener saw %d connections", n)
	}
}

func TestS50RebindingNameIsRefusedWhenItTurnsInward(t *testing.T) {
	in := listen(t)
	p := policy(t)
	p.ports[port(t, in.port)] = true
	raw := "https://rebind.example.com:" + in.port + "/"
	if err := p.Check(raw); err != nil {
		t.Fatalf("the name looks public and must pass at save: %v", err.Fields)
	}
	client := p.Client(Options{Timeout: 5 * time.Second, Resolver: names(map[string][]string{"rebind.example.com": {"127.0.0.1", "10.0.0.1", "169.254.169.254"}})})
	for range 3 {
		_, err := client.Get(raw)
		if !errors.Is(err, ErrRefused) {
			t.Errorf("got %v", err)
		}
	}
	if n := in.count.Load(); n != 0 {
		t.Errorf("the loopback listener saw %d connections", n)
	}
}

func TestS50RedirectsAreNotFollowed(t *testing.T) {
	in := listen(t)
	var asked atomic.Int64
	for _, to := range []string{"http://169.254.169.254/latest/", "http://127.0.0.1:" + in.port + "/", "//127.0.0.1:" + in.port, "file:///etc/passwd"} {
		outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}))
		// Both are allowed, so only the rule about redirects is left to stop it.
		client := policy(t, outside.Listener.Addr().String(), "127.0.0.1:"+in.port).Client(Options{})
		resp, err := client.Post(outside.URL, "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("%s: status %d", to, resp.StatusCode)
		}
		outside.Close()
	}
	if asked.Load() != 4 || in.count.Load() != 0 {
		t.Errorf("asked %d times; the redirect's target saw %d connections", asked.Load(), in.count.Load())
	}
}

func TestS50EnvironmentProxyIsIgnored(t *testing.T) {
	in := listen(t)
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:"+in.port)
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:"+in.port)
	t.Setenv("ALL_PROXY", "socks5://127.0.0.1:"+in.port)
	outside := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer outside.Close()
	resp, err := policy(t, outside.Listener.Addr().String()).Client(Options{}).Get(outside.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if n := in.count.Load(); n != 0 {
		t.Errorf("the proxy saw %d connections", n)
	}
}

func TestNamedHostCannotReachMetadata(t *testing.T) {
	p := policy(t, "model.corp.internal:8080")
	for dialled, ok := range map[string]bool{
		"10.1.2.3:8080": true, "127.0.0.1:8080": true, "[fd12::1]:8080": true, "93.184.216.34:8080": true,
		"169.254.169.254:8080": false, "0.0.0.0:8080": false, "[fe80::1]:8080": false, "[fd00:ec2::254]:8080": false, "224.0.0.1:8080": false, "[64:ff9b::1]:8080": false, "168.63.129.16:8080": false,
	} {
		network := "tcp4"
		if strings.HasPrefix(dialled, "[") {
			network = "tcp6"
		}
		if err := p.checkDialled(network, "model.corp.internal", dialled, true); (err == nil) != ok {
			t.Errorf("%s: %v", dialled, err)
		}
	}
	if err := p.checkDialled("udp4", "x", "93.184.216.34:443", true); err == nil {
		t.Error("udp is not for http")
	}
}

func TestAnswerIsCapped(t *testing.T) {
	const limit = 1000
	for size, want := range map[int]error{0: nil, 1: nil, limit: nil, limit + 1: ErrBodyTooLarge, 100 * limit: ErrBodyTooLarge} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, strings.Repeat("x", size))
			}))
			defer server.Close()
			resp, err := policy(t, server.Listener.Addr().String()).Client(Options{MaxBody: limit}).Get(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if !errors.Is(err, want) || len(b) != min(size, limit) {
				t.Errorf("read %d bytes, %v", len(b), err)
			}
		})
	}
}

// TestS26ClientNeverRepeatsARequest drops a pooled connection after the server
// has read the second request. net/http would send it again, because an
// Idempotency-Key makes it look repeatable.
func TestS26ClientNeverRepeatsARequest(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		for _, body := range []string{"", `{"state":"isolated"}`} {
			t.Run(method+body, func(t *testing.T) {
				var acts atomic.Int64
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					sent, err := io.ReadAll(r.Body)
					if err != nil || string(sent) != body {
						t.Errorf("body %q, %v", sent, err)
					}
					if r.URL.Path == "/drop" {
						acts.Add(1)
						panic(http.ErrAbortHandler)
					}
				}))
				defer server.Close()
				client := policy(t, server.Listener.Addr().String()).Client(Options{})
				send := func(path string) error {
					var reader io.Reader
					if body != "" {
						reader = strings.NewReader(body)
					}
					req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, reader)
					if err != nil {
						t.Fatal(err)
					}
					req.Header.Set("Idempotency-Key", "k1")
					resp, err := client.Do(req)
					if err == nil {
						io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					}
					return err
				}
				if err := send("/warm"); err != nil {
					t.Fatal(err)
				}
				if err := send("/drop"); err == nil {
					t.Error("a dropped connection is not a success")
				}
				if n := acts.Load(); n != 1 {
					t.Errorf("the server acted %d times", n)
				}
			})
		}
	}
}

func TestHostHeaderCannotDifferFromTheURL(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	defer server.Close()
	req, _ := http.NewRequest(http.MethodGet, server.URL, nil)
	req.Host = "other.example.com"
	if _, err := policy(t, server.Listener.Addr().String()).Client(Options{}).Do(req); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
}
