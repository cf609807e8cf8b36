package egress

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"vedette/backend/soc"
)

// maxURL is the longest URL accepted, in bytes.
const maxURL = 2048

// openPorts are the ports public https may use.
var openPorts = []uint16{443, 8443}

// Policy decides what may be called. It does not change after NewPolicy.
type Policy struct {
	allow allowList
	ports map[uint16]bool
}

// NewPolicy makes the policy of one process. allow holds the operator's entries
// (serve --egress-allow), each a CIDR range or host[:port]. A named host may be
// reached by plain http on the named port (any port if none was named); so may
// an address written in a URL that lies in a named range. A named host may
// resolve to a private or loopback address, but to a link-local one (where cloud
// metadata lives) or a reserved one only if a range names that too.
func NewPolicy(allow []string) (*Policy, error) {
	list, err := parseAllowList(allow)
	if err != nil {
		return nil, err
	}
	ports := map[uint16]bool{}
	for _, port := range openPorts {
		ports[port] = true
	}
	return &Policy{allow: list, ports: ports}, nil
}

// Check says whether a URL may be saved as the target of outbound calls; nil is
// yes. The error is VALIDATION_ERROR on the field "url" and never repeats the
// URL, which may hold a secret. A name is not resolved here: what it resolves to
// is checked whenever it is dialled.
func (p *Policy) Check(raw string) *soc.Error {
	_, problem := p.target(raw)
	if problem == "" {
		return nil
	}
	return soc.Errorf(soc.Invalid, soc.CodeValidationError, "This URL may not be called by the server.").
		WithField("url", "%s", problem).
		WithFix("Give a public https URL on port 443 or 8443. What is inside your network must be named by the operator with --egress-allow.")
}

// target parses raw and returns why it may not be called.
func (p *Policy) target(raw string) (*url.URL, string) {
	switch {
	case raw == "":
		return nil, "must not be empty"
	case len(raw) > maxURL:
		return nil, "must have at most 2048 bytes"
	case strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }):
		// Other parsers read these as separators, or fold them to other characters.
		return nil, "must hold printable ASCII without spaces and backslashes; write a foreign name in its xn-- form"
	case strings.Contains(raw, "#"):
		return nil, "must have no fragment"
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Opaque != "" || u.Host == "":
		return nil, "must be an absolute URL such as https://hooks.example.com/path"
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, "must begin with https"
	case u.User != nil || strings.Contains(u.Host, "@"):
		return nil, "must hold no user name or password"
	}
	return u, p.authority(u)
}

// authority checks scheme, host and port together.
func (p *Policy) authority(u *url.URL) string {
	host := u.Hostname()
	port, ok := portOf(u)
	if !ok {
		return "must have no port, or one from 1 to 65535"
	}
	addr, err := netip.ParseAddr(host)
	literal := err == nil
	switch {
	case literal && addr.Is6() && !strings.HasPrefix(u.Host, "["):
		return "must write an IPv6 address in brackets"
	case literal && (addr.Zone() != "" || addr.Is4In6()):
		return "must not hold an IPv4-mapped or zoned address"
	case !literal && numeric(strings.ToLower(host)):
		return "must write an address in its usual dotted form"
	case !literal && !hostName(strings.ToLower(host)):
		return "must hold a valid host name"
	}
	if p.allow.host(host, port) {
		return ""
	}
	switch {
	case u.Scheme != "https":
		return "must begin with https"
	case !p.ports[port]:
		return "must use port 443 or 8443"
	case literal:
		if what, _ := closed(addr); what != "" {
			return "must not point to a " + what + " address"
		}
	case insideName(strings.ToLower(host)):
		return "must not point to a name inside the network"
	}
	return ""
}

// portOf returns the port a URL is called on.
func portOf(u *url.URL) (uint16, bool) {
	text := u.Port()
	if text == "" {
		if strings.HasSuffix(u.Host, ":") {
			return 0, false
		}
		return map[string]uint16{"http": 80, "https": 443}[u.Scheme], true
	}
	n, err := strconv.ParseUint(text, 10, 16)
	return uint16(n), err == nil && n > 0 && strconv.FormatUint(n, 10) == text
}

// hostName accepts the letters-digits-hyphen names of RFC 1123, and underscores
// because container networks use them. No empty label, so no trailing dot: it
// would name the same host under a second spelling.
func hostName(host string) bool {
	if len(host) == 0 || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if len(label) == 0 || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		if strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
		}) {
			return false
		}
	}
	return true
}

// numeric reports whether a resolver could read the name as an IPv4 address in
// one of its odd spellings: 127.1, 2130706433, 0x7f000001, 0177.0.0.1 (WHATWG
// URL, "ends in a number"). The usual spelling is an address, not a name.
func numeric(host string) bool {
	last := host[strings.LastIndexByte(strings.TrimSuffix(host, "."), '.')+1:]
	last = strings.TrimSuffix(last, ".")
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// insideName reports whether a name can only mean something inside: single
// labels, and the suffixes that RFC 6761, 6762, 8375 and ICANN keep out of
// public DNS.
func insideName(host string) bool {
	if !strings.Contains(host, ".") {
		return true
	}
	for _, suffix := range []string{".localhost", ".local", ".internal", ".home.arpa", ".lan", ".localdomain", ".test", ".invalid", ".onion"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}
