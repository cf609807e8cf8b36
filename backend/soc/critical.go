package soc

import "strings"

// Properties that make a target critical. They come from a source's inventory;
// text can only make a target more critical than it is.
const (
	PropertyCriticality = "criticality"  // low, normal, high, critical
	PropertyAssetRole   = "asset_role"   // server, domain_controller ...
	PropertyAccountType = "account_type" // user, service, machine
	PropertyOwner       = "owner"
)

// Critical reports whether a target counts as one of high impact: tagged so, a
// server, or a service account (safety.md section 1).
func (e Entity) Critical() bool {
	property := func(name string) string { return foldText(trim(e.Properties[name])) }
	switch property(PropertyCriticality) {
	case "high", "critical":
		return true
	}
	switch e.Kind {
	case KindHost:
		role := property(PropertyAssetRole)
		return strings.Contains(property(PropertyOS), "server") || strings.Contains(role, "server") || strings.Contains(role, "controller")
	case KindAccount:
		return property(PropertyAccountType) == "service"
	}
	return false
}
