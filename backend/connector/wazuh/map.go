// Package wazuh maps Wazuh 4 alerts: lines of alerts.json, and hits of the
// indexer with the alert under _source.
//
// The fields a decoder extracts stand under data and differ by log. Windows
// event data is unescaped on the way: Wazuh writes each backslash and quote of
// an event twice and keeps its XML entities, so C:\\Windows &amp; becomes
// C:\Windows & in entities and evidence. Raw stays as sent.
//
// # Severity
//
// Rule levels are 0-16. The dashboard's four bands decide, with the levels
// that Wazuh's classification calls notifications and authorised events taken
// out at the bottom: 0-3 informational, 4-6 low, 7-11 medium, 12-14 high, 15
// and more critical. A Suricata alert passed on has Suricata's priority if that
// is higher.
//
// # Provenance
//
// Sensor-asserted (S10) are the agent (the manager knows it by its key) and
// what the Windows kernel or the file monitor measured: accounts with a
// directory SID of a logon that succeeded, owners of Sysmon events, hashes,
// the peers of a TCP connection. Parsed is everything a text log says (sshd,
// sudo, web server: a process can write there what it likes), names in failed
// logons and workstation names, image paths, command lines, script blocks,
// URLs, registry paths, and the addresses of Suricata events without a
// handshake. What must never be here: storage, a clock, HTTP.
package wazuh

import (
	"html"
	"slices"
	"strconv"
	"strings"

	"vedette/backend/soc"
)

// Split returns the items of an ingest body; a whole search response of the
// indexer is opened.
func Split(body []byte) ([][]byte, error) {
	items, err := soc.SplitItems(body)
	var out [][]byte
	for _, item := range items {
		out = append(out, Expand(item)...)
	}
	return out, err
}

// Expand opens a search response of the indexer and returns any other item
// alone.
func Expand(item []byte) [][]byte { return soc.ExpandItem(item, "hits", "hits") }

// Map reads one alert. The error names the member that is missing.
func Map(item []byte) (soc.Inbound, *soc.Error) {
	v, warnings, err := soc.ParsePayload(item)
	if err != nil {
		return soc.Inbound{}, err
	}
	if !v.IsObject() {
		return soc.Inbound{}, soc.InvalidField("$", "is not an object")
	}
	source, prefix := v, ""
	if hit := v.Get("_source"); hit.IsObject() {
		source, prefix = hit, "_source."
	}
	rule := source.Get("rule")
	id := source.Member("id")
	if id == "" {
		id = v.Member("_id")
	}
	at, timed := soc.ParseTime(source.First("timestamp", "@timestamp").Text())
	switch {
	case rule.Member("id") == "":
		return soc.Inbound{}, soc.InvalidField(prefix+"rule.id", "required").WithFix("Send Wazuh alerts as in alerts.json or as hits of the indexer.")
	case id == "":
		return soc.Inbound{}, soc.InvalidField(prefix+"id", "required").WithFix("Send the alert with its id.")
	case !timed:
		return soc.Inbound{}, soc.InvalidField(prefix+"timestamp", "required, a time").WithFix("Send the alert with its timestamp.")
	}
	a := &alert{Payload: source, hit: v, rule: rule, data: source.Get("data"), AlertDraft: &soc.AlertDraft{InboundAlert: soc.InboundAlert{
		Source: "wazuh", ExternalID: managed(source, id), Title: rule.Member("description"), Product: "Wazuh", Vendor: "Wazuh",
		Detector: detector(source), Category: first(rule.Get("groups").Texts()),
		Tactics: rule.Get("mitre", "tactic").Texts(), Techniques: rule.Get("mitre", "id").Texts(),
		StartedAt: at, EndedAt: at, CreatedAt: at, Raw: item,
	}}}
	a.Warnings = warnings
	if a.Title == "" {
		a.Title = "Wazuh rule " + rule.Member("id")
		a.Warn("missing_title")
	}
	a.Type = soc.TypeWord(first(append(slices.Clone(a.Tactics), a.Category)))
	var known bool
	if a.Severity, known = severity(rule.Member("level")); !known {
		a.Warn("unknown_severity")
	}
	a.passedOn()
	a.build()
	return a.Inbound(), nil
}

// managed makes an id unique across managers, whose alert ids are a time and a
// file offset.
func managed(source soc.Payload, id string) string {
	if manager := source.Member("manager", "name"); manager != "" {
		return manager + "/" + id
	}
	return id
}

// detector is the rule id; rules that only pass on another product's detection
// get that product's signature behind theirs, or all of them would be one.
func detector(source soc.Payload) string {
	id := source.Member("rule", "id")
	if signature := source.Member("data", "alert", "signature_id"); signature != "" {
		return id + "/" + signature
	}
	return id
}

func first(words []string) string {
	for _, w := range words {
		if w = strings.TrimSpace(w); w != "" {
			return w
		}
	}
	return ""
}

func severity(level string) (soc.Severity, bool) {
	n, err := strconv.Atoi(level)
	switch {
	case err != nil:
		return soc.SeverityMedium, false
	case n <= 3:
		return soc.SeverityInformational, true
	case n <= 6:
		return soc.SeverityLow, true
	case n <= 11:
		return soc.SeverityMedium, true
	case n <= 14:
		return soc.SeverityHigh, true
	}
	return soc.SeverityCritical, true
}

// passedOn lets a detection of Suricata keep its own category and urgency:
// Wazuh passes all of them on with one rule of level 3. It only ever raises.
func (a *alert) passedOn() {
	inner := a.data.Get("alert")
	if category := inner.Member("category"); category != "" {
		a.Category = category
		if len(a.Tactics) == 0 {
			a.Type = soc.TypeWord(category)
		}
	}
	urgency := map[string]soc.Severity{"1": soc.SeverityHigh, "2": soc.SeverityMedium, "3": soc.SeverityLow}[inner.Member("severity")]
	a.Severity = soc.MaxSeverity(a.Severity, urgency)
	if names := inner.Get("metadata", "mitre_technique_id").Texts(); len(a.Techniques) == 0 {
		a.Techniques = names
	}
}

// alert is one alert while it is mapped.
type alert struct {
	soc.Payload // the alert itself
	*soc.AlertDraft
	hit   soc.Payload // with the indexer's envelope
	rule  soc.Payload
	data  soc.Payload
	agent string   // ref of the agent's host
	host  string   // its canonical name
	refs  []string // entities of the event
}

var windowsEscapes = strings.NewReplacer(`\\`, `\`, `\"`, `"`)

// unescaped undoes Wazuh's escaping of Windows event data.
func unescaped(text string) string {
	if strings.ContainsAny(text, `\&`) {
		return html.UnescapeString(windowsEscapes.Replace(text))
	}
	return text
}

// event is one value of the Windows event data.
func (a *alert) event(name string) string {
	return unescaped(a.data.Member("win", "eventdata", name))
}

// add adds an entity of the event.
func (a *alert) add(e soc.InboundEntity) string {
	if strings.TrimSpace(e.Value) == "" || e.Value == "-" {
		return ""
	}
	ref := a.AddEntity(e)
	if ref != "" && !slices.Contains(a.refs, ref) {
		a.refs = append(a.refs, ref)
	}
	return ref
}

func (a *alert) parsed(kind soc.EntityKind, value, field string) string {
	return a.add(soc.InboundEntity{Kind: kind, Value: value, Provenance: soc.ProvenanceParsed, Field: field})
}

func (a *alert) build() {
	a.inventory()
	a.windows()
	a.logs()
	a.suricata()
	a.files()
	a.evidence()
}

// inventory is what the manager itself knows: the agent, its address, and the
// name by which Windows calls the machine.
func (a *alert) inventory() {
	agent := a.Get("agent")
	properties := map[string]string{soc.PropertyName: agent.Member("name"), "ip": agent.Member("ip")}
	if id := agent.Member("id"); id != "" {
		properties[soc.PropertyAgentID] = managed(a.Payload, id)
	}
	if computer := a.data.Member("win", "system", "computer"); strings.EqualFold(soc.ShortName(soc.KindHost, computer), agent.Member("name")) {
		properties[soc.PropertyFQDN] = computer
	}
	a.agent = a.add(soc.InboundEntity{
		Kind: soc.KindHost, Value: soc.HostValue(properties), Display: agent.Member("name"), Properties: properties,
		Provenance: soc.ProvenanceSensorAsserted, Field: "agent.name",
	})
	if a.agent != "" {
		a.host = a.Entities[0].Value
	}
	if address := agent.Member("ip"); address != "any" {
		a.add(soc.InboundEntity{Kind: soc.KindIP, Value: address, Provenance: soc.ProvenanceSensorAsserted, Field: "agent.ip"})
	}
	if other := a.Member("predecoder", "hostname"); other != "" && !strings.EqualFold(other, agent.Member("name")) {
		a.parsed(soc.KindHost, other, "predecoder.hostname")
	}
}
