package egress

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// allowList is what the operator named beyond public https.
type allowList struct {
	prefixes []netip.Prefix
	hosts    []allowedHost
}

// allowedHost is one named host; port 0 is any port.
type allowedHost struct {
	name string // lower-case name, or an address in canonical form
	port uint16
}

// parseAllowList reads entries of the form CIDR or host[:port]. Host is a name,
// an IPv4 address or a (bracketed) IPv6 address; without a port, any port.
func parseAllowList(entries []string) (allowList, error) {
	var list allowList
	for _, entry := range entries {
		if strings.Contains(entry, "/") {
			prefix, err := netip.ParsePrefix(entry)
			if err != nil || prefix.Addr().Is4In6() {
				return allowList{}, fmt.Errorf("egress allow list: %q is not a CIDR range such as 10.20.0.0/16", entry)
			}
			if prefix != prefix.Masked() {
				return allowList{}, fmt.Errorf("egress allow list: %q has bits outside its mask; %s is the range", entry, prefix.Masked())
			}
			list.prefixes = append(list.prefixes, prefix)
			continue
		}
		host, err := parseAllowedHost(entry)
		if err != nil {
			return allowList{}, err
		}
		list.hosts = append(list.hosts, host)
	}
	return list, nil
}

func parseAllowedHost(entry string) (allowedHost, error) {
	wrong := fmt.Errorf("egress allow list: %q is neither a CIDR range nor host[:port]", entry)
	if addr, err := netip.ParseAddr(strings.Trim(entry, "[]")); err == nil {
		if addr.Zone() != "" || addr.Is4In6() {
			return allowedHost{}, wrong
		}
		return allowedHost{name: addr.String()}, nil
	}
	name, digits, hasPort := entry, "", false
	if cut := strings.LastIndexByte(entry, ':'); cut >= 0 {
		name, digits, hasPort = entry[:cut], entry[cut+1:], true
	}
	var port uint16
	if hasPort {
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || n == 0 {
			return allowedHost{}, wrong
		}
		port = uint16(n)
	}
	if strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]") {
		addr, err := netip.ParseAddr(name[1 : len(name)-1])
		if err != nil || !addr.Is6() || addr.Zone() != "" || addr.Is4In6() {
			return allowedHost{}, wrong
		}
		return allowedHost{addr.String(), port}, nil
	}
	if addr, err := netip.ParseAddr(name); err == nil && addr.Is4() {
		return allowedHost{addr.String(), port}, nil
	}
	name = strings.ToLower(name)
	if !hostName(name) || numeric(name) {
		return allowedHost{}, wrong
	}
	return allowedHost{name, port}, nil
}

// host reports whether the operator named this host with this port. An address
// is also named by a range that holds it.
func (l allowList) host(name string, port uint16) bool {
	name = strings.ToLower(name)
	addr, err := netip.ParseAddr(name)
	if err == nil {
		if l.address(addr) {
			return true
		}
		name = addr.String()
	}
	for _, h := range l.hosts {
		if h.name == name && (h.port == 0 || h.port == port) {
			return true
		}
	}
	return false
}

// address reports whether a range the operator named holds addr.
func (l allowList) address(addr netip.Addr) bool {
	for _, prefix := range l.prefixes {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}
