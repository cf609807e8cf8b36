package egress

import "net/netip"

// closedRange is a range of addresses that no outbound call may reach unless
// the operator named it.
type closedRange struct {
	prefix netip.Prefix
	what   string
	// hard ranges stay closed to a host that was allowed by name: no name of an
	// ordinary service resolves to them, and cloud metadata lives there.
	hard bool
}

// closedRanges follows the IANA special-purpose registries (RFC 6890 and its
// successors), plus two public addresses that reach a cloud platform's inside.
var closedRanges = []closedRange{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network", true},
	{netip.MustParsePrefix("10.0.0.0/8"), "private", false},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT", false},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback", false},
	{netip.MustParsePrefix("168.63.129.16/32"), "cloud platform", true}, // Azure WireServer
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local", true},       // cloud metadata
	{netip.MustParsePrefix("172.16.0.0/12"), "private", false},
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol assignments", true}, // Oracle Cloud metadata
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation", true},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay", true},
	{netip.MustParsePrefix("192.168.0.0/16"), "private", false},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking", true},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation", true},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation", true},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast", true},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved", true}, // includes broadcast

	{netip.MustParsePrefix("::/128"), "unspecified", true},
	{netip.MustParsePrefix("::1/128"), "loopback", false},
	{netip.MustParsePrefix("::/96"), "IPv4-compatible", true},
	{netip.MustParsePrefix("::ffff:0:0/96"), "IPv4-mapped", true},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "IPv4-translated", true},
	{netip.MustParsePrefix("64:ff9b::/96"), "NAT64", true},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "NAT64", true},
	{netip.MustParsePrefix("100::/64"), "discard", true},
	{netip.MustParsePrefix("2001::/23"), "protocol assignments", true}, // includes Teredo
	{netip.MustParsePrefix("2001:db8::/32"), "documentation", true},
	{netip.MustParsePrefix("2002::/16"), "6to4", true},
	{netip.MustParsePrefix("3fff::/20"), "documentation", true},
	{netip.MustParsePrefix("fd00:ec2::254/128"), "cloud platform", true}, // AWS metadata
	{netip.MustParsePrefix("fc00::/7"), "unique local", false},
	{netip.MustParsePrefix("fe80::/10"), "link-local", true},
	{netip.MustParsePrefix("fec0::/10"), "site-local", true},
	{netip.MustParsePrefix("ff00::/8"), "multicast", true},
}

// globalUnicast is all of IPv6 that is assigned for public use (RFC 4291).
var globalUnicast = netip.MustParsePrefix("2000::/3")

// closed says why an address is not public, and "" for a public one. An IPv4
// address inside IPv6 stays in its IPv6 form here: both forms are closed, and a
// socket never shows the mapped one.
func closed(addr netip.Addr) (what string, hard bool) {
	if addr.Zone() != "" {
		return "link-local", true
	}
	for _, r := range closedRanges {
		if r.prefix.Contains(addr) {
			return r.what, r.hard
		}
	}
	if addr.Is6() && !globalUnicast.Contains(addr) {
		return "reserved", true
	}
	return "", false
}
