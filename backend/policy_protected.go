package backend

import (
	"context"
	"slices"

	"vedette/backend/soc"
)

// Protect adds an entry to the protected list, or makes the one that stands for
// it stricter. A senior may: more protection only tightens (S32).
func (d *Desk) Protect(ctx context.Context, by soc.Actor, entry soc.ProtectedRecord) (soc.PolicyOutcome, error) {
	return d.EditPolicy(ctx, by, soc.PolicyEdit{
		Workspace: by.Workspace, Part: soc.PartProtected, Event: "protected_changed", Target: soc.DisplayName(entry.Match.Value), Reason: entry.Reason, Least: soc.RoleSenior,
		Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
			doc.Protected = slices.Clone(doc.Protected)
			at := slices.IndexFunc(doc.Protected, func(o soc.ProtectedRecord) bool { return o.Match == entry.Match })
			if at < 0 {
				doc.Protected = append(doc.Protected, entry)
				return doc, nil
			}
			doc.Protected[at].Mode, doc.Protected[at].Reason = entry.Mode, entry.Reason
			return doc, nil
		},
	})
}

// Unprotect takes an entry off the protected list, which two people decide.
func (d *Desk) Unprotect(ctx context.Context, by soc.Actor, id string, match soc.IfMatch) (soc.PolicyOutcome, error) {
	return d.EditPolicy(ctx, by, soc.PolicyEdit{
		Workspace: by.Workspace, Part: soc.PartProtected, Event: "protected_changed", Target: soc.DisplayName(id), IfMatch: match,
		Edit: func(doc soc.PolicyDocument) (soc.PolicyDocument, error) {
			at := slices.IndexFunc(doc.Protected, func(o soc.ProtectedRecord) bool { return o.ID == id })
			if at < 0 {
				return doc, soc.NotFoundf("There is no such entry.").WithFix("List the entries and copy the id exactly.")
			}
			doc.Protected = slices.Delete(slices.Clone(doc.Protected), at, at+1)
			return doc, nil
		},
	})
}
