package egress

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"syscall"
	"time"
)

// ErrRefused is wrapped by every error of a call that the policy stopped.
// Nothing was sent.
var ErrRefused = errors.New("egress: refused")

// ErrBodyTooLarge is what reading an answer returns at the cap.
var ErrBodyTooLarge = errors.New("egress: the answer is larger than allowed")

// Options are what differs between callers. Zero members take the default.
type Options struct {
	// Timeout bounds a whole exchange, answer included; default 30 s. A caller
	// that streams sets it to what its stream may last.
	Timeout time.Duration
	// HeaderTimeout bounds the wait for the first byte of an answer; default Timeout.
	HeaderTimeout time.Duration
	// MaxBody is the most bytes of an answer that are read; default 1 MiB.
	MaxBody int64
	// Resolver looks names up; default the system's.
	Resolver *net.Resolver
	// TLS is the base of the TLS settings, e.g. with the roots of a private CA;
	// at least TLS 1.2 is used whatever it says.
	TLS *tls.Config
}

// Client makes an http.Client that can reach only what the policy allows. It
// follows no redirect (the 3xx is the answer), uses no proxy from the
// environment, keeps no cookies, and never repeats a request by itself.
func (p *Policy) Client(o Options) *http.Client {
	timeout := cmp.Or(o.Timeout, 30*time.Second)
	dialer := &dialer{policy: p, resolver: o.Resolver}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		config = o.TLS.Clone()
		config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &guard{
			policy:  p,
			maxBody: cmp.Or(o.MaxBody, 1<<20),
			next: &http.Transport{
				Proxy:                  nil, // the environment does not choose where calls go
				DialContext:            dialer.dial,
				TLSClientConfig:        config,
				ForceAttemptHTTP2:      true,
				TLSHandshakeTimeout:    10 * time.Second,
				ResponseHeaderTimeout:  cmp.Or(o.HeaderTimeout, timeout),
				ExpectContinueTimeout:  time.Second,
				IdleConnTimeout:        60 * time.Second,
				MaxIdleConns:           32,
				MaxIdleConnsPerHost:    4,
				MaxConnsPerHost:        64,
				MaxResponseHeaderBytes: 64 << 10,
			},
		},
	}
}

// guard checks every request, whoever built its URL, and caps every answer.
type guard struct {
	policy  *Policy
	maxBody int64
	next    *http.Transport
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, problem := g.policy.target(req.URL.String()); problem != "" {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, fmt.Errorf("%w: the URL %s", ErrRefused, problem)
	}
	if req.Host != "" && req.Host != req.URL.Host {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, fmt.Errorf("%w: the Host header differs from the URL", ErrRefused)
	}
	resp, err := g.next.RoundTrip(once(req))
	if err != nil {
		return nil, err
	}
	resp.Body = &capped{body: resp.Body, left: g.maxBody}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the pool.
func (g *guard) CloseIdleConnections() { g.next.CloseIdleConnections() }

// once keeps net/http from sending a request twice. Its transport repeats a
// request by itself when a pooled connection dies and the request looks safe to
// repeat, and an Idempotency-Key header makes every method look so: an action
// that was carried out just before the connection dropped would be carried out
// again, unseen (S26). A body that cannot be rewound prevents it.
func once(req *http.Request) *http.Request {
	switch req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions:
		return req
	}
	req = req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		req.Body = io.NopCloser(emptyBody{})
		req.ContentLength = -1
	}
	req.GetBody = nil
	return req
}

type emptyBody struct{}

func (emptyBody) Read([]byte) (int, error) { return 0, io.EOF }

// capped returns ErrBodyTooLarge instead of the byte after the last allowed one.
type capped struct {
	body io.ReadCloser
	left int64
}

func (c *capped) Read(b []byte) (int, error) {
	if c.left < 0 {
		return 0, ErrBodyTooLarge
	}
	if int64(len(b)) > c.left+1 {
		b = b[:c.left+1]
	}
	n, err := c.body.Read(b)
	c.left -= int64(n)
	if c.left < 0 {
		return n - 1, ErrBodyTooLarge
	}
	return n, err
}

func (c *capped) Close() error { return c.body.Close() }

// dialer connects to allowed addresses only.
type dialer struct {
	policy   *Policy
	resolver *net.Resolver
}

// dial implements http.Transport.DialContext. address is what the URL said.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%w: port: %w", ErrRefused, err)
	}
	named := d.policy.allow.host(host, uint16(port))
	if !named && !d.policy.ports[uint16(port)] {
		return nil, fmt.Errorf("%w: port %d", ErrRefused, port)
	}
	out := net.Dialer{
		Timeout:   10 * time.Second,
		KeepAlive: 30 * time.Second,
		Resolver:  d.resolver,
		// Control sees each address after resolution and before the first packet.
		Control: func(network, dialled string, _ syscall.RawConn) error {
			return d.policy.checkDialled(network, host, dialled, named)
		},
	}
	return out.DialContext(ctx, network, address)
}

// checkDialled decides on the address of the socket itself. named says that the
// operator named this host and port.
func (p *Policy) checkDialled(network, host, dialled string, named bool) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: network %s", ErrRefused, network)
	}
	to, err := netip.ParseAddrPort(dialled)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	addr := to.Addr()
	if p.allow.address(addr) {
		return nil
	}
	what, hard := closed(addr)
	if what == "" {
		return nil
	}
	if named {
		literal, err := netip.ParseAddr(host)
		if !hard || err == nil && literal == addr {
			return nil
		}
	}
	return fmt.Errorf("%w: a %s address", ErrRefused, what)
}
