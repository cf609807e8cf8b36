package backend

import (
	"slices"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Tags that local data gives to an asset.
const (
	tagProtected = "protected"
	tagCritical  = "critical-asset"
)

// enrich adds what this workspace knows of the alert's asset, and raises the
// severity by one step where the asset is critical or protected. Local data
// only: taking in an alert never waits on a network. Severity is never lowered.
func (a *alertIntake) enrich(r *store.Reader) error {
	kind, text := soc.KindHost, a.next.Asset.Hostname
	if text == "" {
		kind, text = soc.KindIP, a.next.Asset.IP
	}
	value, valid := soc.CanonicalValue(kind, text)
	if text == "" || !valid {
		return nil
	}
	asset, known, err := r.KnownAsset(a.by.Workspace, kind, value)
	if err != nil {
		return err
	}
	protected, err := r.Protected(a.by.Workspace)
	if err != nil {
		return err
	}
	if !known {
		asset = soc.Entity{Kind: kind, Value: value, Display: text}
	}
	found := soc.AlertEnrichment{Owner: asset.Properties[soc.PropertyOwner], Criticality: asset.Properties[soc.PropertyCriticality]}
	if role := asset.Properties[soc.PropertyAssetRole]; role != "" {
		found.Tags = append(found.Tags, role)
	}
	if asset.Critical() {
		found.Tags = append(found.Tags, tagCritical)
	}
	if soc.ProtectionOf(protected, asset) != soc.ProtectionNone {
		found.Tags = append(found.Tags, tagProtected)
	}
	if slices.Contains(found.Tags, tagCritical) || slices.Contains(found.Tags, tagProtected) {
		raised := a.alert.Severity.Raised()
		found.Raised = raised != a.alert.Severity
		a.next.Severity = soc.MaxSeverity(a.next.Severity, raised)
	}
	a.next.Enrichment = found
	return nil
}
