package playbook

import (
	"net/netip"
	"strings"

	"vedette/backend/soc"
)

// Properties that a catalogue entry may require beside those soc names: they
// are made of other properties or of the entity's value.
const (
	// PropertyAddress is the address of an ip.
	PropertyAddress = "address"
	// PropertyDomainAccount is DOMAIN\name. A bare account name is no property to
	// act by: two domains, or every host, may use the same one.
	PropertyDomainAccount = "domain_account"
)

// Property returns, in canonical form, a property by which a product could find
// the entity, from the entity's properties or from its value where that is of
// such a form (an account whose value is a UPN has a upn). What does not parse
// is no property: nothing is ever done to a value that had to be guessed.
func Property(e soc.Entity, name string) (string, bool) {
	if stated := e.Properties[name]; stated != "" {
		if value, ok := soc.CanonicalValue(propertyKind(e.Kind, name), stated); ok && fits(e.Kind, value, name) {
			return value, true
		}
	}
	domain, account := e.Properties[soc.PropertyDomain], e.Properties[soc.PropertyName]
	if name == PropertyDomainAccount && e.Kind == soc.KindAccount && domain != "" && account != "" {
		if value, ok := soc.CanonicalValue(soc.KindAccount, domain+`\`+account); ok && fits(e.Kind, value, name) {
			return value, true
		}
	}
	if name == soc.PropertyDeviceID {
		return "", false // only ever stated: a host name could look like one
	}
	if value, ok := soc.CanonicalValue(e.Kind, e.Value); ok && value == e.Value && fits(e.Kind, value, name) {
		return value, true
	}
	return "", false
}

// propertyKind is the kind whose canonical form a property has.
func propertyKind(kind soc.EntityKind, name string) soc.EntityKind {
	switch name {
	case soc.PropertySHA256, soc.PropertySHA1, soc.PropertyMD5:
		return soc.KindFileHash
	case soc.PropertyDeviceID:
		return soc.KindApplication // a plain name: folded, and nothing cut off
	}
	return kind
}

// fits reports whether a canonical value of a kind is the property called name.
func fits(kind soc.EntityKind, value, name string) bool {
	switch kind {
	case soc.KindAccount:
		return accountForm(value) == name
	case soc.KindHost:
		_, err := netip.ParseAddr(value)
		switch name {
		case soc.PropertyDeviceID:
			return true
		case soc.PropertyFQDN:
			return err != nil && strings.Contains(value, ".")
		case soc.PropertyName:
			return err != nil
		}
	case soc.KindIP:
		return name == PropertyAddress
	case soc.KindFile, soc.KindFileHash:
		return soc.HashAlgorithm(value) == name
	}
	return false
}

// accountForm names the property that the canonical value of an account is.
func accountForm(value string) string {
	if sid, ok := soc.CanonicalSID(value); ok {
		if len(soc.UniqueNames(soc.KindAccount, sid, nil)) == 0 {
			return "" // well-known: SYSTEM is another account on every host
		}
		return soc.PropertySID
	}
	if _, ok := soc.CanonicalGUID(value); ok {
		return soc.PropertyObjectID
	}
	switch domain, name, both := strings.Cut(value, `\`); {
	case both && domain != "" && name != "":
		return PropertyDomainAccount
	case strings.Contains(value, "@"):
		return soc.PropertyUPN
	}
	return ""
}

// MissingProperty returns the first required property, with its alternatives
// ("device_id|fqdn|name"), that the entity lacks; "" when it has them all. The
// answer is what ENTITY_PROPERTY_MISSING names.
func MissingProperty(p soc.Playbook, e soc.Entity) string {
	for _, required := range p.RequiredProperties {
		found := false
		for name := range strings.SplitSeq(required, "|") {
			if _, ok := Property(e, name); ok {
				found = true
				break
			}
		}
		if !found {
			return required
		}
	}
	return ""
}
