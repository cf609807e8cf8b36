package soc

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// AddEvidence adds a row. Fields without a value are left out, and a row
// without fields is not added. A field without provenance is parsed. The row's
// provenance is the weakest of its fields. refs may hold "".
func (d *AlertDraft) AddEvidence(kind string, at time.Time, refs []string, fields ...Field) {
	row := InboundEvidence{Type: kind, At: at, Provenance: ProvenanceSensorAsserted}
	for _, f := range fields {
		if strings.TrimSpace(f.Value) == "" {
			continue
		}
		if f.Provenance == "" {
			f.Provenance = ProvenanceParsed
		}
		row.Provenance = Weaker(row.Provenance, f.Provenance)
		row.Fields = append(row.Fields, f)
	}
	if len(row.Fields) == 0 {
		return
	}
	for _, ref := range refs {
		if ref != "" && !slices.Contains(row.Refs, ref) {
			row.Refs = append(row.Refs, ref)
		}
	}
	row.Text = evidenceText(row.Fields)
	d.Evidence = append(d.Evidence, row)
}

// maxEvidenceText bounds the one-line text of a row, in characters. It is an
// excerpt with visible cuts (S41); the fields hold everything.
const (
	maxEvidenceText  = 600
	maxEvidenceValue = 160
)

func evidenceText(fields []Field) string {
	var b strings.Builder
	count := 0
	for i, f := range fields {
		value := strings.Join(strings.Fields(f.Value), " ")
		if n := utf8.RuneCountInString(value); n > maxEvidenceValue {
			value = fmt.Sprintf("%s…[cut %d]", string([]rune(value)[:maxEvidenceValue]), n-maxEvidenceValue)
		}
		part := f.Name + "=" + value
		if count += utf8.RuneCountInString(part) + 2; i > 0 && count > maxEvidenceText {
			fmt.Fprintf(&b, "; …[%d more fields]", len(fields)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(part)
	}
	return b.String()
}

// Asserted is a field vouched for by the sensor.
func Asserted(name, value string) Field { return Field{name, value, ProvenanceSensorAsserted} }

// Parsed is a field whose text an attacker may have written.
func Parsed(name, value string) Field { return Field{name, value, ProvenanceParsed} }

// LeafFields makes parsed fields of leaves.
func LeafFields(leaves []Leaf) []Field {
	fields := make([]Field, 0, len(leaves))
	for _, l := range leaves {
		fields = append(fields, Parsed(l.Path, l.Text))
	}
	return fields
}

// ProvenTCP reports whether a network sensor's record shows a finished TCP
// handshake, so that neither address can be forged by a sender off the path.
// Packet counts do not show it (a forged SYN can be repeated), a recognised
// application protocol does: the sensor's stream engine names one only for an
// established stream. UDP and ICMP senders write any source they like.
func ProvenTCP(proto, appProto, packetsToClient string) bool {
	if !strings.EqualFold(proto, "tcp") || appProto == "" || strings.EqualFold(appProto, "failed") {
		return false
	}
	return packetsToClient != "0"
}

// AssertedIf is sensor_asserted if sure, else parsed.
func AssertedIf(sure bool) Provenance {
	if sure {
		return ProvenanceSensorAsserted
	}
	return ProvenanceParsed
}
