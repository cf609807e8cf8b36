// Package sentinel maps Microsoft Sentinel payloads to the nouns of the house:
// Log Analytics rows of the tables SecurityIncident and SecurityAlert, and the
// ARM REST bodies of incidents, their alerts and bookmarks (api-version
// 2024-03-01).
//
// Mapping is pure and forgiving: a column of type dynamic may be JSON or text
// that holds JSON, times come in every spelling Microsoft exports, unknown
// members stay in Raw, and only a missing key rejects an item. What must never
// be here: storage, a clock, HTTP.
//
// # Provenance
//
// An entity is sensor-asserted (S10) only where a Microsoft sensor names a
// thing of its own inventory:
//
//   - host: with a device id of Defender or the directory, or from Defender for
//     Identity or Defender for Cloud
//   - account: with an object id, a directory SID or a UPN, unless the row says
//     IsValid:false
//   - mailbox with an object id, cloud application of the vendor's catalogue,
//     Azure resource, file hash (the sensor computed it)
//   - ip: from the sign-in providers, which see a finished TLS handshake
//
// Everything else is parsed: URLs, file and process names, command lines, mail,
// registry, registered apps, and every entity of a scheduled rule, whose author
// maps columns of any log. An address without proof of a handshake is parsed,
// because a source address can be written by its sender.
package sentinel

import (
	"strings"
	"time"

	"vedette/backend/soc"
)

// Split returns the items of an ingest body, ARM list envelopes ({"value":[…]})
// opened.
func Split(body []byte) ([][]byte, error) {
	items, err := soc.SplitItems(body)
	var out [][]byte
	for _, item := range items {
		out = append(out, Expand(item)...)
	}
	return out, err
}

// Expand opens an ARM list envelope and returns any other item alone.
func Expand(item []byte) [][]byte { return soc.ExpandItem(item, "value") }

// Map reads one row or REST object. The error names the member that is missing
// or says that the item is of no known kind.
func Map(item []byte) (soc.Inbound, *soc.Error) {
	v, warnings, err := soc.ParsePayload(item)
	if err != nil {
		return soc.Inbound{}, err
	}
	in, err := mapValue(v, item)
	if err != nil {
		return soc.Inbound{}, err
	}
	in.Warnings = append(warnings, in.Warnings...)
	return in, nil
}

func mapValue(v soc.Payload, raw []byte) (soc.Inbound, *soc.Error) {
	properties := v.Get("properties")
	switch kind := strings.ToLower(v.First("Type", "type", "kind").Text()); {
	case !v.IsObject():
		return soc.Inbound{}, soc.InvalidField("$", "is not an object")
	case v.Member("kind") == "Bookmark" && properties.IsObject():
		return mapBookmark(v, raw)
	case properties.IsObject() && (strings.HasSuffix(kind, "/incidents") || properties.Get("incidentNumber").Exists()):
		return mapIncident(row{properties, v}, raw)
	case properties.IsObject():
		return mapAlert(row{properties, v}, raw)
	case kind == "securityincident" || v.Get("IncidentName").Exists() || v.Get("IncidentNumber").Exists():
		return mapIncident(row{v, v}, raw)
	case kind == "securityalert" || v.Get("SystemAlertId").Exists():
		return mapAlert(row{v, v}, raw)
	}
	return soc.Inbound{}, soc.InvalidField("Type", "is neither SecurityIncident nor SecurityAlert").
		WithFix("Send rows of the tables SecurityIncident and SecurityAlert, or the ARM REST objects of incidents, alerts and bookmarks.")
}

// row is a table row or the properties of a REST object with the object around
// them. A column has one name per spelling.
type row struct {
	soc.Payload
	envelope soc.Payload
}

func (r row) text(names ...string) string { return r.First(names...).Text() }

func (r row) dynamic(names ...string) soc.Payload { return r.First(names...).Dynamic() }

func (r row) time(names ...string) time.Time {
	t, _ := soc.ParseTime(r.text(names...))
	return t
}

// words reads a list that is an array, JSON text of an array, or text with
// commas; "Unknown" stands for none.
func (r row) words(names ...string) []string {
	var out []string
	for _, text := range r.dynamic(names...).Texts() {
		for word := range strings.SplitSeq(text, ",") {
			if word = strings.TrimSpace(word); word != "" && word != "Unknown" {
				out = append(out, word)
			}
		}
	}
	return out
}

// severity reads Microsoft's four words. An unknown one is medium, so that it
// is neither lost at the bottom nor cries wolf, and is reported.
func severity(word string) (s soc.Severity, known bool) {
	s = soc.Severity(strings.ToLower(strings.TrimSpace(word)))
	if s.Rank() < 0 {
		return soc.SeverityMedium, false
	}
	return s, true
}
