package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// listenRules are the flags of the listener, checked together before anything
// is opened (S6, M17).
type listenRules struct {
	address       string
	host          string
	loopback      bool
	tls           *tls.Config
	proxies       []netip.Prefix
	statedURL     string
	origins       []string
	secretKeyFile string
	// mayMakeKey: on loopback with the embedded engine a missing key is made.
	mayMakeKey bool
	killFile   string
	// checkpoints is the file that the record is vouched for in.
	checkpoints string
}

// rules checks the flags. What is for other machines needs TLS, its own or that
// of a declared proxy; what is for nobody in particular stays on loopback.
func (c *serveCommand) rules(db database) (*listenRules, error) {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("--listen %q is no HOST:PORT", c.Listen)
	}
	r := &listenRules{
		address: c.Listen, host: host, loopback: isLoopback(host), origins: c.AllowOrigin, statedURL: strings.TrimSuffix(c.PublicURL, "/"),
		secretKeyFile: c.SecretKeyFile, killFile: c.KillFile, checkpoints: c.AuditCheckpoints,
	}
	r.mayMakeKey = r.loopback && !db.postgres()
	if r.secretKeyFile == "" {
		r.secretKeyFile = db.file() + ".key"
	}
	if r.killFile == "" {
		r.killFile = db.file() + ".kill"
	}
	if r.checkpoints == "" {
		r.checkpoints = db.file() + ".checkpoints"
	}
	for _, text := range c.TrustedProxy {
		prefix, err := parsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxy %q is neither an address nor a CIDR range", text)
		}
		r.proxies = append(r.proxies, prefix)
	}
	if r.tls, err = loadTLS(c.TLSCert, c.TLSKey); err != nil {
		return nil, err
	}
	for _, text := range append([]string{r.statedURL}, r.origins...) {
		if err := checkOrigin(text); err != nil {
			return nil, err
		}
	}
	return r, r.allowed(c)
}

func (r *listenRules) allowed(c *serveCommand) error {
	switch {
	case r.loopback:
		return nil
	case c.NoAuth:
		return errors.New("--no-auth serves anybody who can connect, so it is for loopback only; leave it out, or --listen 127.0.0.1:8080")
	case r.tls == nil && len(r.proxies) == 0:
		return fmt.Errorf("--listen %s is reachable by other machines and has no TLS: give --tls-cert and --tls-key, or declare the proxy that ends TLS with --trusted-proxy, or listen on 127.0.0.1", r.address)
	}
	return nil
}

// isLoopback takes names only if they cannot mean anything else.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

func parsePrefix(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.Prefix(address.BitLen())
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix.Masked(), err
}

func loadTLS(certificate, key string) (*tls.Config, error) {
	if certificate == "" && key == "" {
		return nil, nil
	}
	if certificate == "" || key == "" {
		return nil, errors.New("--tls-cert and --tls-key go together")
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("the TLS certificate cannot be used: %w", err)
	}
	if pair.Leaf != nil && time.Now().After(pair.Leaf.NotAfter) {
		return nil, fmt.Errorf("the TLS certificate in %s expired at %s", certificate, pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}, nil
}

// checkOrigin takes a scheme, a host and perhaps a port, nothing behind.
func checkOrigin(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil || u.Fragment != "" {
		return fmt.Errorf("%q must be a scheme, a host and perhaps a port, such as https://soc.example.org", text)
	}
	return nil
}

// bind opens the listener. Behind a proxy and without TLS of its own, it takes
// connections of the declared proxies and of this machine only: a direct one
// would go in the clear.
func (r *listenRules) bind(ctx context.Context) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", r.address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", r.address, err)
	}
	if r.loopback || r.tls != nil {
		return listener, nil
	}
	return &proxyListener{Listener: listener, proxies: r.proxies}, nil
}

// proxyListener hangs up on whoever is no declared proxy.
type proxyListener struct {
	net.Listener
	proxies []netip.Prefix
}

// Accept implements net.Listener.
func (l *proxyListener) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		remote, err := netip.ParseAddrPort(connection.RemoteAddr().String())
		address := remote.Addr().Unmap().WithZone("")
		if err == nil && (address.IsLoopback() || slices.ContainsFunc(l.proxies, func(p netip.Prefix) bool { return p.Contains(address) })) {
			return connection, nil
		}
		_ = connection.Close()
	}
}

// publicURL is where clients reach the server: as stated, else the address with
// the port that was taken.
func (r *listenRules) publicURL(address net.Addr) string {
	if r.statedURL != "" {
		return r.statedURL
	}
	scheme := "http://"
	if r.tls != nil {
		scheme = "https://"
	}
	_, port, _ := net.SplitHostPort(address.String())
	host := r.host
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		if host, err = os.Hostname(); err != nil {
			host = "localhost"
		}
	}
	return scheme + net.JoinHostPort(host, port)
}

// names are the host names that requests may state, and the origins whose pages
// may call (S6): those of the public URL, and on loopback all names of loopback.
func (r *listenRules) names(publicURL string) (hosts, origins []string) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, nil
	}
	hosts, origins = []string{strings.ToLower(u.Hostname())}, []string{strings.ToLower(u.Scheme + "://" + u.Host)}
	if r.loopback {
		for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
			hosts = append(hosts, name)
			origins = append(origins, u.Scheme+"://"+net.JoinHostPort(name, u.Port()))
		}
	}
	for _, origin := range r.origins {
		origins = append(origins, strings.ToLower(origin))
	}
	return hosts, origins
}

// secureCookie reports whether browsers reach the server by TLS, so that the
// session cookie can be __Host- and Secure (S48).
func (r *listenRules) secureCookie(publicURL string) bool {
	return !r.loopback || r.tls != nil || strings.HasPrefix(publicURL, "https://")
}
