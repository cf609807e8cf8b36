// Package suricata maps alert records of Suricata's EVE JSON log. Other EVE
// events (flow, dns, stats ...) are no detections and are rejected by name.
//
// EVE gives an alert no id. The key is made of what tells two records apart:
// flow, generator and signature, time, packet or transaction; the same record
// sent twice is one alert.
//
// # Provenance
//
// Addresses are sensor-asserted only where the record shows a finished TCP
// handshake (soc.ProvenTCP). In every other record (UDP, ICMP, a lone SYN) the
// sender wrote the source address, and an alert that steers a block at a
// forged address is an old trick (S10), so both addresses are parsed. File
// hashes are computed by the sensor. Host names, URLs, DNS names, TLS names,
// mail addresses and file names come off the wire and are parsed. What must
// never be here: storage, a clock, HTTP.
package suricata

import (
	"strings"

	"vedette/backend/soc"
)

// Split returns the items of an ingest body.
func Split(body []byte) ([][]byte, error) { return soc.SplitItems(body) }

// Map reads one EVE record of event_type alert.
func Map(item []byte) (soc.Inbound, *soc.Error) {
	v, warnings, err := soc.ParsePayload(item)
	if err != nil {
		return soc.Inbound{}, err
	}
	switch {
	case !v.IsObject():
		return soc.Inbound{}, soc.InvalidField("$", "is not an object")
	case !v.Get("event_type").Exists():
		return soc.Inbound{}, soc.InvalidField("event_type", "required").WithFix("Send records of Suricata's EVE log, e.g. a line of eve.json.")
	case v.Member("event_type") != "alert":
		return soc.Inbound{}, soc.InvalidField("event_type", "must be alert").WithFix("Send only the records whose event_type is alert.")
	case v.Member("alert", "signature_id") == "":
		return soc.Inbound{}, soc.InvalidField("alert.signature_id", "required").WithFix("Send the record with its alert object.")
	}
	at, ok := soc.ParseTime(v.Member("timestamp"))
	if !ok {
		return soc.Inbound{}, soc.InvalidField("timestamp", "required, a time").WithFix("Send the record with its timestamp.")
	}
	alert := v.Get("alert")
	r := &record{Payload: v, alert: alert, AlertDraft: &soc.AlertDraft{InboundAlert: soc.InboundAlert{
		Source: "suricata", ExternalID: key(v), Title: alert.Member("signature"), Product: "Suricata", Vendor: "OISF",
		Detector: detector(alert), Category: alert.Member("category"), Type: soc.TypeWord(alert.Member("category")),
		Tactics: spaced(alert.Get("metadata", "mitre_tactic_name").Texts()), Techniques: alert.Get("metadata", "mitre_technique_id").Texts(),
		StartedAt: at, EndedAt: at, CreatedAt: at, Raw: item,
	}}}
	r.Warnings = warnings
	if r.Title == "" {
		r.Title = "Suricata signature " + r.Detector
		r.Warn("missing_title")
	}
	var known bool
	if r.Severity, known = severity(alert.Member("severity")); !known {
		r.Warn("unknown_severity")
	}
	r.build()
	return r.Inbound(), nil
}

// severity reads the priority of a rule's class: 1 is the most urgent. The
// shipped classes use 1 to 3, a fourth is for information.
func severity(word string) (soc.Severity, bool) {
	switch word {
	case "1":
		return soc.SeverityHigh, true
	case "2":
		return soc.SeverityMedium, true
	case "3":
		return soc.SeverityLow, true
	case "4", "255":
		return soc.SeverityInformational, true
	}
	return soc.SeverityMedium, false
}

// detector is generator:signature, as Suricata itself writes it. The revision
// is left out, so that an improved rule keeps its history.
func detector(alert soc.Payload) string {
	generator := alert.Member("gid")
	if generator == "" {
		generator = "1"
	}
	return generator + ":" + alert.Member("signature_id")
}

func key(v soc.Payload) string {
	parts := []string{v.Member("flow_id"), detector(v.Get("alert")), v.Member("timestamp")}
	if v.Member("flow_id") == "" {
		parts[0] = v.Member("src_ip") + ":" + v.Member("src_port") + ">" + v.Member("dest_ip") + ":" + v.Member("dest_port")
	}
	for _, extra := range []string{"pcap_cnt", "tx_id"} {
		if text := v.Member(extra); text != "" {
			parts = append(parts, extra+"="+text)
		}
	}
	if sensor := v.Member("host"); sensor != "" {
		parts = append(parts, sensor)
	}
	return strings.Join(parts, "/")
}

func spaced(words []string) []string {
	for i, w := range words {
		words[i] = strings.ReplaceAll(w, "_", " ")
	}
	return words
}
