package generic

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"vedette/backend/soc"
)

// inventoried are the kinds of which a product can keep an inventory.
var inventoried = []soc.EntityKind{
	soc.KindAccount, soc.KindHost, soc.KindIP, soc.KindMailbox, soc.KindFileHash, soc.KindCloudResource, soc.KindApplication,
}

// entities adds the entities and returns which ref of the sender became which
// of ours: two entries that name one thing become one.
func (r *reader) entities(v soc.Payload, d *soc.AlertDraft) map[string]string {
	refs := map[string]string{}
	for i, item := range r.list(v, "entities", "entities", maxEntities) {
		path := fmt.Sprintf("entities[%d]", i)
		if !item.IsObject() {
			r.wrong(path, "must be an object, is %s", item.Kind())
			continue
		}
		ref := r.text(item, "ref", path+".ref", maxKey, false)
		if _, taken := refs[ref]; taken && ref != "" {
			r.wrong(path+".ref", "is used twice")
		}
		e := soc.InboundEntity{
			Kind:          soc.EntityKind(r.text(item, "kind", path+".kind", maxKey, true)),
			Value:         r.text(item, "value", path+".value", maxValue, true),
			Display:       r.text(item, "display", path+".display", maxTitle, false),
			Names:         r.words(item, "names", path+".names", maxWords),
			Properties:    r.properties(item, path),
			Provenance:    r.provenance(item, path),
			VendorVerdict: r.vendorVerdict(item, path),
			Remediated:    r.boolean(item, "remediated", path+".remediated"),
			Field:         path + ".value",
		}
		if e.Kind != "" && !slices.Contains(soc.AllEntityKinds, e.Kind) {
			r.wrong(path+".kind", "must be one of %v", soc.AllEntityKinds)
		}
		if e.Provenance == soc.ProvenanceSensorAsserted && !slices.Contains(inventoried, e.Kind) {
			e.Provenance = soc.ProvenanceParsed
			d.Warn("provenance_lowered:" + path)
		}
		if r.err == nil {
			refs[ref] = d.AddEntity(e)
		}
	}
	return refs
}

func (r *reader) properties(v soc.Payload, path string) map[string]string {
	m := v.Get("properties")
	if m.Exists() && !m.IsObject() && m.Kind() != "null" {
		r.wrong(path+".properties", "must be an object, is %s", m.Kind())
		return nil
	}
	out := map[string]string{}
	for _, p := range m.Members() {
		out[p.Name] = r.text(m, p.Name, path+".properties."+soc.DisplayName(p.Name), maxValue, false)
	}
	if len(out) > maxFields {
		r.wrong(path+".properties", "must have at most %d members", maxFields)
	}
	return out
}

func (r *reader) provenance(v soc.Payload, path string) soc.Provenance {
	p := soc.Provenance(r.text(v, "provenance", path+".provenance", maxKey, false))
	switch p {
	case "":
		return soc.ProvenanceParsed
	case soc.ProvenanceParsed, soc.ProvenanceSensorAsserted:
	default:
		r.wrong(path+".provenance", "must be sensor_asserted or parsed")
	}
	return p
}

func (r *reader) vendorVerdict(v soc.Payload, path string) string {
	word := r.text(v, "vendor_verdict", path+".vendor_verdict", maxKey, false)
	if word != "" && !slices.Contains([]string{"malicious", "suspicious", "clean"}, word) {
		r.wrong(path+".vendor_verdict", "must be malicious, suspicious or clean")
	}
	return word
}

// evidence adds the sender's rows.
func (r *reader) evidence(v soc.Payload, d *soc.AlertDraft, refs map[string]string) {
	for i, item := range r.list(v, "evidence", "evidence", maxEvidence) {
		path := fmt.Sprintf("evidence[%d]", i)
		if !item.IsObject() {
			r.wrong(path, "must be an object, is %s", item.Kind())
			continue
		}
		kind := r.text(item, "type", path+".type", maxKey, true)
		if kind != "" && !typeWord.MatchString(kind) {
			r.wrong(path+".type", "must match %s", typeWord)
		}
		at := r.time(item, "at", path+".at")
		if at.IsZero() {
			at = d.StartedAt
		}
		var ours []string
		for j, ref := range r.words(item, "refs", path+".refs", maxEntities) {
			our, ok := refs[ref]
			if !ok && r.err == nil {
				r.wrong(fmt.Sprintf("%s.refs[%d]", path, j), "names no entity of this alert")
			}
			ours = append(ours, our)
		}
		fields := r.fields(item, path+".fields")
		if r.err == nil {
			d.AddEvidence(kind, at, ours, fields...)
		}
	}
}

func (r *reader) fields(v soc.Payload, path string) []soc.Field {
	m := v.Get("fields")
	var out []soc.Field
	switch {
	case m.IsObject():
		for _, p := range m.Members() {
			if p.Value.IsObject() || p.Value.IsArray() {
				r.wrong(path+"."+soc.DisplayName(p.Name), "must be a string, number or boolean, is %s", p.Value.Kind())
			}
			out = append(out, soc.Parsed(p.Name, p.Value.Text()))
		}
	case m.IsArray():
		for i, item := range m.Items() {
			at := fmt.Sprintf("%s[%d]", path, i)
			out = append(out, soc.Field{
				Name: r.text(item, "name", at+".name", maxKey, true), Value: r.text(item, "value", at+".value", soc.MaxItemBytes, true),
				Provenance: r.provenance(item, at),
			})
		}
	default:
		r.wrong(path, "required, an object or an array")
	}
	if len(out) > maxFields {
		r.wrong(path, "must have at most %d members", maxFields)
	}
	for _, f := range out {
		if f.Name == "" || utf8.RuneCountInString(f.Name) > maxKey {
			r.wrong(path, "must have names of 1 to %d characters", maxKey)
			break
		}
	}
	return out
}

func (r *reader) number(v soc.Payload) int64 {
	m := v.Get("number")
	if !m.Exists() || m.Kind() == "null" {
		return 0
	}
	n, err := strconv.ParseInt(m.Text(), 10, 64)
	if m.Kind() != "number" || err != nil || n < 0 {
		r.wrong("number", "must be a whole number of 0 or more")
		return 0
	}
	return n
}
