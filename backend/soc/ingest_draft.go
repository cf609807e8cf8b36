package soc

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// AlertDraft is an alert while a mapper fills it. It gives entities their
// refs, joins those that are one, holds the provenance rule in one place and
// makes the one-line text of evidence rows.
type AlertDraft struct {
	InboundAlert
	Warnings []string
	unique   map[string]int // kind and unique name -> index in Entities
}

// Warn adds a stable warning word once.
func (d *AlertDraft) Warn(word string) {
	if !slices.Contains(d.Warnings, word) {
		d.Warnings = append(d.Warnings, word)
	}
}

// Inbound returns the finished item.
func (d *AlertDraft) Inbound() Inbound {
	alert := d.InboundAlert
	return Inbound{Alert: &alert, Warnings: d.Warnings}
}

// AddEntity adds e, or joins it to the entity of this alert that has one of
// its unique names, and returns the ref. Value may be raw text: it is made
// canonical here. A value that does not parse as its kind is kept as sent,
// with the property "valid" = "false", and is never sensor-asserted.
//
// S10: an entity stays sensor_asserted only if its value and display read like
// identifiers. Names of asserted entities may stand in the server's own
// sentences (M25), so one that carries prose is treated as parsed whoever sent
// it. Joined entities keep the stronger provenance: one assertion is enough.
func (d *AlertDraft) AddEntity(e InboundEntity) string {
	raw := e.Value
	value, valid := CanonicalValue(e.Kind, raw)
	if strings.TrimSpace(value) == "" {
		return ""
	}
	e.Value = value
	e.Properties = canonicalProperties(e.Properties)
	if !valid {
		e.Properties["valid"] = "false"
	}
	if e.Display == "" {
		e.Display = raw
	}
	if e.Provenance == "" {
		e.Provenance = ProvenanceParsed
	}
	if e.Provenance == ProvenanceSensorAsserted && (!valid || !identifier(e.Value) || !identifier(e.Display)) {
		e.Provenance = ProvenanceParsed
	}
	e.Names = entityNames(e)
	return d.join(e)
}

// identifier reports whether s can be a name given by an inventory: short, and
// no more than a few words of letters, digits and the signs used in names.
func identifier(s string) bool {
	if utf8.RuneCountInString(s) > 256 || len(strings.Fields(s)) > 5 || strings.ContainsFunc(s, func(r rune) bool {
		return !wordRune(r) && !strings.ContainsRune(` ._-@\/$+:~'(),&#`, r)
	}) {
		return false
	}
	return len(DetectHostile("", s)) == 0
}

// propertyKinds are the properties that identify, and the kind whose canonical
// form they take: protected lists and connectors compare them as they are.
var propertyKinds = map[string]EntityKind{
	PropertyUPN: KindAccount, PropertyMail: KindAccount, PropertySID: KindAccount, PropertyObjectID: KindAccount,
	PropertyFQDN: KindHost, PropertyDeviceID: KindAccount, PropertyDirectoryID: KindAccount,
	PropertyMD5: KindFileHash, PropertySHA1: KindFileHash, PropertySHA256: KindFileHash,
}

// canonicalProperties drops empty properties and makes identifiers canonical;
// one that does not parse stays as sent.
func canonicalProperties(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		if strings.TrimSpace(v) == "" {
			continue
		}
		if kind, ok := propertyKinds[k]; ok {
			v, _ = CanonicalValue(kind, v)
		}
		out[k] = v
	}
	return out
}

func entityNames(e InboundEntity) []string {
	names := []string{}
	add := func(n string) {
		if n = boundValue(strings.TrimSpace(n)); n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	add(e.Value)
	add(e.Display)
	for _, n := range e.Names {
		add(n)
	}
	add(ShortName(e.Kind, e.Value))
	for _, p := range []string{
		PropertyUPN, PropertyMail, PropertySID, PropertyObjectID, PropertyName, PropertyFQDN, PropertyDeviceID,
		PropertyDirectoryID, PropertyPath, PropertySHA256, PropertySHA1, PropertyMD5,
	} {
		if v, ok := CanonicalValue(e.Kind, e.Properties[p]); ok {
			add(v)
		}
	}
	return names
}

func (d *AlertDraft) join(e InboundEntity) string {
	if d.unique == nil {
		d.unique = map[string]int{}
	}
	unique := UniqueNames(e.Kind, e.Value, e.Properties)
	if len(unique) == 0 {
		unique = []string{"value:" + e.Value}
	}
	at := -1
	for _, n := range unique {
		if i, ok := d.unique[string(e.Kind)+" "+n]; ok {
			at = i
			break
		}
	}
	if at < 0 {
		e.Ref = fmt.Sprintf("e%d", len(d.Entities)+1)
		at = len(d.Entities)
		d.Entities = append(d.Entities, e)
	} else {
		d.Entities[at] = joined(d.Entities[at], e)
	}
	for _, n := range unique {
		if _, taken := d.unique[string(e.Kind)+" "+n]; !taken {
			d.unique[string(e.Kind)+" "+n] = at
		}
	}
	return d.Entities[at].Ref
}

func joined(old, e InboundEntity) InboundEntity {
	for k, v := range e.Properties {
		if _, ok := old.Properties[k]; !ok {
			old.Properties[k] = v
		}
	}
	for _, n := range e.Names {
		if !slices.Contains(old.Names, n) {
			old.Names = append(old.Names, n)
		}
	}
	if old.Provenance != e.Provenance && Weaker(old.Provenance, e.Provenance) == old.Provenance {
		old.Provenance, old.Field = e.Provenance, e.Field
		old.Value, old.Display = e.Value, e.Display
	}
	switch oldRank, rank := verdictRank(old.VendorVerdict), verdictRank(e.VendorVerdict); {
	case rank > oldRank:
		old.VendorVerdict, old.Remediated = e.VendorVerdict, e.Remediated
	case rank == oldRank:
		// One place where it was not removed is enough.
		old.Remediated = old.Remediated && e.Remediated
	}
	// The value must not depend on which of two partial descriptions came first.
	var better string
	switch old.Kind {
	case KindAccount:
		better = AccountValue(old.Properties)
	case KindHost:
		better = HostValue(old.Properties)
	}
	if better != "" {
		old.Value = better
		old.Names = entityNames(old)
	}
	return old
}

func verdictRank(v string) int {
	return slices.Index([]string{"", "clean", "suspicious", "malicious"}, v)
}

// VendorVerdictWord turns a product's word for an entity or threat into
// malicious, suspicious or clean; empty for unknown ones.
func VendorVerdictWord(word string) string {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "malicious", "malware", "bad", "phish", "phishing", "infected":
		return "malicious"
	case "suspicious", "partiallysuspicious", "unwantedsoftware", "spam":
		return "suspicious"
	case "clean", "nothreatsfound", "benign", "good", "safe", "harmless":
		return "clean"
	}
	return ""
}

// TypeWord makes an incident type of the triage family from a vendor's words:
// lower case letters, digits and underscores, at most 64, "alert" for nothing.
func TypeWord(text string) string {
	var b strings.Builder
	gap, lower := false, false
	for _, r := range text {
		upper := 'A' <= r && r <= 'Z'
		if !upper && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			gap = true
			continue
		}
		if b.Len() > 0 && (gap || (upper && lower)) {
			b.WriteByte('_')
		}
		gap, lower = false, !upper
		if upper {
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	word := strings.TrimLeft(b.String(), "0123456789_")
	if len(word) > 64 {
		word = strings.TrimRight(word[:64], "_")
	}
	if word == "" {
		return "alert"
	}
	return word
}
