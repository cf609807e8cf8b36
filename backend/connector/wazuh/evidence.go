package wazuh

import (
	"strings"
	"time"

	"vedette/backend/soc"
)

// evidence makes the rows: the alert, what the decoder extracted, the file
// check, the log line itself, and what is left.
func (a *alert) evidence() {
	all := make([]string, len(a.Entities))
	for i, e := range a.Entities {
		all[i] = e.Ref
	}
	sure := soc.Asserted
	a.AddEvidence("alert", a.StartedAt, all,
		soc.Parsed("title", a.Title), // rules quote the log in their description
		sure("rule_id", a.rule.Member("id")), sure("rule_level", a.rule.Member("level")), sure("severity", string(a.Severity)),
		sure("rule_groups", strings.Join(a.rule.Get("groups").Texts(), ", ")), sure("fired_times", a.rule.Member("firedtimes")),
		sure("frequency", a.rule.Member("frequency")), sure("tactics", strings.Join(a.Tactics, ", ")), sure("techniques", strings.Join(a.Techniques, ", ")),
		sure("technique_names", strings.Join(a.rule.Get("mitre", "technique").Texts(), ", ")),
		sure("agent_name", a.Member("agent", "name")), sure("agent_id", a.Member("agent", "id")), sure("agent_ip", a.Member("agent", "ip")),
		sure("manager", a.Member("manager", "name")), sure("decoder", a.Member("decoder", "name")), sure("decoder_parent", a.Member("decoder", "parent")),
		sure("location", a.Member("location")), sure("timestamp", a.Member("timestamp")), sure("alert_id", a.Member("id")), sure("hit_id", a.hit.Member("_id")),
		sure("index", a.hit.Member("_index")))
	refs := append([]string{a.agent}, a.refs...)
	a.AddEvidence(a.eventType(), a.eventTime(), refs, a.eventFields()...)
	a.AddEvidence(a.checkType(), a.StartedAt, refs, a.checkFields()...)
	a.AddEvidence("log", a.StartedAt, refs, soc.Parsed("full_log", a.Member("full_log")), soc.Parsed("previous_output", a.Member("previous_output")),
		soc.Parsed("previous_log", a.Member("previous_log")))
	a.rest()
}

// sysmonTypes are the row types of Sysmon and Windows events by channel word
// and id.
var eventTypes = map[string]string{
	"sysmon 1": "process", "sysmon 5": "process", "sysmon 8": "process", "sysmon 10": "process", "sysmon 25": "process", "sysmon 3": "network",
	"sysmon 22": "dns", "sysmon 2": "file", "sysmon 7": "file", "sysmon 11": "file", "sysmon 15": "file", "sysmon 23": "file", "sysmon 26": "file",
	"sysmon 6": "file", "sysmon 12": "registry", "sysmon 13": "registry", "sysmon 14": "registry",
	"security 4624": "logon", "security 4625": "logon", "security 4634": "logon", "security 4647": "logon", "security 4648": "logon",
	"security 4672": "logon", "security 4768": "logon", "security 4769": "logon", "security 4771": "logon", "security 4776": "logon",
	"security 4688": "process", "security 4720": "account", "security 4726": "account", "security 4728": "account", "security 4732": "account",
	"security 4738": "account", "security 4740": "account", "security 4697": "service", "system 7045": "service", "system 7040": "service",
	"powershell 4104": "script", "powershell 4103": "script",
}

// eventType is the row type of what stands under data.
func (a *alert) eventType() string {
	system := a.data.Get("win", "system")
	if channel := strings.ToLower(system.Member("channel")); channel != "" {
		for _, word := range []string{"sysmon", "powershell", "security", "system"} {
			if strings.Contains(channel, word) {
				if t := eventTypes[word+" "+system.Member("eventID")]; t != "" {
					return t
				}
			}
		}
		return "event"
	}
	switch d := a.data; {
	case !d.Get("virustotal").Empty():
		return "reputation"
	case !d.Get("http").Empty(), a.Member("decoder", "name") == "web-accesslog":
		return "http"
	case d.Member("event_type") != "":
		return "network"
	case !d.Get("audit").Empty(), d.Member("command") != "":
		return "process"
	case d.Member("srcuser") != "", d.Member("dstuser") != "":
		return "logon"
	}
	return "event"
}

// eventTime is when the event happened, which may be well before the alert.
func (a *alert) eventTime() time.Time {
	for _, text := range []string{a.event("utcTime"), a.data.Member("win", "system", "systemTime"), a.data.Member("timestamp")} {
		if t, ok := soc.ParseTime(text); ok {
			return t
		}
	}
	return a.StartedAt
}

// eventFields shows everything under data. Windows fields lose their prefix;
// what the event log's own header says is the system's.
func (a *alert) eventFields() []soc.Field {
	var fields []soc.Field
	for _, m := range a.data.Members() {
		if m.Name != "win" {
			fields = append(fields, soc.LeafFields(m.Value.Leaves(m.Name))...)
			continue
		}
		for _, leaf := range m.Value.Get("eventdata").Leaves("") {
			name := soc.TypeWord(leaf.Path)
			text := unescaped(leaf.Text)
			fields = append(fields, soc.Parsed(name, text))
			if name == "command_line" || name == "parent_command_line" {
				fields = append(fields, soc.Parsed("decoded_"+name, soc.DecodedCommand(text)))
			}
		}
		for _, leaf := range m.Value.Get("system").Leaves("") {
			f := soc.Asserted("system."+soc.TypeWord(leaf.Path), leaf.Text)
			if leaf.Path == "message" {
				f.Provenance = soc.ProvenanceParsed
			}
			fields = append(fields, f)
		}
		for _, other := range m.Value.Members() {
			if other.Name != "eventdata" && other.Name != "system" {
				fields = append(fields, soc.LeafFields(other.Value.Leaves("win."+other.Name))...)
			}
		}
	}
	return fields
}

func (a *alert) checkType() string {
	if strings.HasPrefix(strings.ToUpper(a.Member("syscheck", "path")), "HKEY_") {
		return "registry"
	}
	return "file"
}

// checkFields are the file monitor's measurements; the path was chosen by
// whoever wrote the file.
func (a *alert) checkFields() []soc.Field {
	var fields []soc.Field
	for _, leaf := range a.Get("syscheck").Leaves("") {
		f := soc.Asserted(leaf.Path, leaf.Text)
		if leaf.Path == "path" || leaf.Path == "value_name" || leaf.Path == "diff" || strings.Contains(leaf.Path, "name_after") {
			f.Provenance = soc.ProvenanceParsed
		}
		fields = append(fields, f)
	}
	return fields
}

// shown are the members that have a row of their own.
var shown = map[string]bool{
	"agent": true, "manager": true, "data": true, "rule": true, "syscheck": true, "full_log": true, "previous_output": true, "previous_log": true,
	"location": true, "decoder": true, "id": true, "timestamp": true, "@timestamp": true,
}

// rest keeps what no row above has shown, compliance tags of the rule
// included.
func (a *alert) rest() {
	var fields []soc.Field
	for _, leaf := range a.rule.Leaves("rule") {
		switch leaf.Path {
		case "rule.id", "rule.level", "rule.description", "rule.groups", "rule.firedtimes", "rule.frequency", "rule.mitre.id", "rule.mitre.tactic", "rule.mitre.technique":
		default:
			fields = append(fields, soc.Asserted(leaf.Path, leaf.Text))
		}
	}
	for _, m := range a.Members() {
		if !shown[m.Name] {
			fields = append(fields, soc.LeafFields(m.Value.Leaves(m.Name))...)
		}
	}
	if comment := a.Member("decoder", "ftscomment"); comment != "" {
		fields = append(fields, soc.Asserted("decoder.ftscomment", comment))
	}
	a.AddEvidence("property", a.StartedAt, []string{a.agent}, fields...)
}
