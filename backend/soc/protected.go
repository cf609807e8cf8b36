package soc

import (
	"net/netip"
	"path"
	"slices"
	"strings"
)

// Kinds of protected-list entries (S32).
const (
	ProtectedCIDR     = "cidr"
	ProtectedHost     = "host"
	ProtectedAccount  = "account"
	ProtectedSID      = "sid"
	ProtectedObjectID = "object_id"
	ProtectedDomain   = "domain"
	ProtectedValue    = "value"
)

// AllProtectedKinds lists the kinds.
var AllProtectedKinds = []string{
	ProtectedCIDR, ProtectedHost, ProtectedAccount, ProtectedSID, ProtectedObjectID, ProtectedDomain, ProtectedValue,
}

// ProtectionOf is the strictest mode of the entries that match an entity under
// any of its identities: every name and every property counts, so that an
// alias cannot slip past (S32). An entry that cannot be read matches
// everything: a list with a hole in it protects nobody.
func ProtectionOf(list []ProtectedEntry, e Entity) Protection {
	worst := ProtectionNone
	identities := protectedIdentities(e)
	for _, entry := range list {
		if !entry.matches(e.Kind, identities) {
			continue
		}
		mode := Protection(entry.Mode)
		if !slices.Contains(AllProtections, mode) || mode == ProtectionNone {
			mode = ProtectionNever
		}
		if slices.Index(AllProtections, mode) > slices.Index(AllProtections, worst) {
			worst = mode
		}
	}
	return worst
}

// StricterProtection returns the stricter of two modes.
func StricterProtection(a, b Protection) Protection {
	if slices.Index(AllProtections, a) >= slices.Index(AllProtections, b) {
		return a
	}
	return b
}

// protectedIdentities are all spellings of an entity, folded.
func protectedIdentities(e Entity) []string {
	all := []string{fold(e.Value), fold(e.Display)}
	for _, name := range e.Names {
		all = append(all, fold(name))
	}
	for _, value := range e.Properties {
		all = append(all, fold(value))
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func (p ProtectedEntry) matches(kind EntityKind, identities []string) bool {
	value := fold(p.Value)
	if value == "" {
		return true
	}
	switch p.Kind {
	case ProtectedCIDR:
		return slices.ContainsFunc(identities, func(s string) bool { return inPrefix(value, s) })
	case ProtectedHost:
		return slices.ContainsFunc(identities, func(s string) bool {
			if kind == KindAccount { // only the account of the machine itself: DOMAIN\DC01$
				s = s[strings.LastIndexByte(s, '\\')+1:]
				return strings.HasSuffix(s, "$") && matchesHost(value, s)
			}
			return matchesHost(value, s)
		})
	case ProtectedAccount:
		return slices.ContainsFunc(identities, func(s string) bool { return matchesAccount(value, s) })
	case ProtectedSID, ProtectedObjectID, ProtectedValue:
		return slices.Contains(identities, value)
	case ProtectedDomain:
		return slices.ContainsFunc(identities, func(s string) bool { return matchesDomain(value, s) })
	}
	return true
}

// inPrefix compares an address in any of its forms (IPv4-mapped, with a zone)
// with a prefix or a single address.
func inPrefix(entry, text string) bool {
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return false
	}
	address = address.Unmap().WithZone("")
	if single, err := netip.ParseAddr(entry); err == nil {
		return single.Unmap().WithZone("") == address
	}
	prefix, err := netip.ParsePrefix(entry)
	if err != nil {
		return true
	}
	if prefix.Addr().Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-96)
	}
	return prefix.Contains(address)
}

// isPrefix reports whether a text is an address or a prefix.
func isPrefix(text string) bool {
	text = fold(text)
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(text)
	return err == nil
}

// matchesHost takes FQDN and short name for one host; a trailing $ is the
// machine account's spelling.
func matchesHost(entry, name string) bool {
	entry, name = strings.TrimSuffix(entry, "$"), strings.TrimSuffix(name, "$")
	if wild(entry, name) {
		return true
	}
	if _, err := netip.ParseAddr(entry); err == nil {
		return inPrefix(entry, name)
	}
	short, _, qualified := strings.Cut(name, ".")
	entryShort, _, entryQualified := strings.Cut(entry, ".")
	if _, err := netip.ParseAddr(name); err == nil {
		return false
	}
	return (qualified && !entryQualified && wild(entry, short)) || (entryQualified && !qualified && wild(entryShort, name))
}

// matchesAccount compares UPN, DOMAIN\name and the bare name.
func matchesAccount(entry, name string) bool {
	if wild(entry, name) {
		return true
	}
	if strings.ContainsAny(entry, `@\`) {
		return false
	}
	if _, bare, ok := strings.Cut(name, `\`); ok && wild(entry, strings.TrimSuffix(bare, "$")) {
		return true
	}
	local, _, ok := strings.Cut(name, "@")
	return ok && wild(entry, local)
}

// matchesDomain takes a domain, what lies below it, and addresses in it.
func matchesDomain(entry, name string) bool {
	if _, host, ok := strings.Cut(name, "@"); ok {
		name = host
	}
	if _, rest, ok := strings.Cut(name, "://"); ok {
		name = rest
	}
	if n := strings.IndexAny(name, "/:?#"); n >= 0 {
		name = name[:n]
	}
	return name == entry || strings.HasSuffix(name, "."+entry)
}

// wild matches with * for any run of characters but a separator.
func wild(pattern, name string) bool {
	if !strings.ContainsAny(pattern, "*?[") {
		return pattern == name
	}
	ok, err := path.Match(pattern, name)
	return ok || err != nil
}
