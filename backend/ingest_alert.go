package backend

import (
	"crypto/sha256"
	"encoding/hex"

	"vedette/backend/soc"
)

// ingestAlert is an alert of a payload with all that can be said of it without
// the store: row, the hash of the payload in it, and the flags of its entities
// and rows of evidence. It is made before the transaction, where several
// requests are read at a time; inside, there is one writer.
type ingestAlert struct {
	*soc.InboundAlert
	row           soc.Alert
	entityFlags   [][]soc.Flag
	evidenceFlags [][]soc.Flag
}

func readAlert(in *soc.InboundAlert) *ingestAlert {
	a := &ingestAlert{
		InboundAlert: in, row: alertOf(in), entityFlags: make([][]soc.Flag, len(in.Entities)), evidenceFlags: make([][]soc.Flag, len(in.Evidence)),
	}
	for n, e := range in.Entities {
		for _, text := range append([]string{e.Display}, e.Names...) {
			a.entityFlags[n] = mergeFlags(a.entityFlags[n], soc.DetectHostile("name", text))
		}
	}
	for n, row := range in.Evidence {
		for _, field := range row.Fields {
			a.evidenceFlags[n] = mergeFlags(a.evidenceFlags[n], soc.DetectHostile(field.Name, field.Value))
		}
	}
	return a
}

// alertOf is an alert as its payload says it is.
func alertOf(in *soc.InboundAlert) soc.Alert {
	detector, title, category := soc.AlertKeys(*in)
	a := soc.Alert{
		Source: in.Source, ExternalID: in.ExternalID, Title: in.Title, Description: in.Description, Severity: in.Severity, SentSeverity: in.Severity,
		Product: in.Product, Vendor: in.Vendor, Detector: in.Detector, DetectorKey: detector, TitleKey: title, Category: category,
		Tactics: in.Tactics, Techniques: in.Techniques, VendorVerdict: in.VendorVerdict,
		StartedAt: in.StartedAt, EndedAt: in.EndedAt, RepeatCount: 1, Version: 1, PayloadHash: payloadHash(in.Raw), Raw: in.Raw,
	}
	a.Flags = append(soc.DetectHostile("title", in.Title), soc.DetectHostile("description", in.Description)...)
	return a
}

// payloadHash compares payloads by meaning where they are plain JSON, so that
// white space and member order do not make a conflict.
func payloadHash(raw []byte) string {
	canonical, err := soc.CanonicalJSON(raw, soc.JSONLimits{StringBytes: ingestItemBytes, AllowNUL: true})
	if err != nil {
		canonical = raw
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}
