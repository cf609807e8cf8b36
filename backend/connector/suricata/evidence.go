package suricata

import (
	"net/netip"
	"strings"

	"vedette/backend/soc"
)

// record is one EVE alert while it is mapped.
type record struct {
	soc.Payload
	*soc.AlertDraft
	alert soc.Payload
	peers []string // refs of source and destination
}

func (r *record) build() {
	proven := soc.AssertedIf(soc.ProvenTCP(r.Member("proto"), r.Member("app_proto"), r.Member("flow", "pkts_toclient")))
	for _, name := range []string{"src_ip", "dest_ip"} {
		if address := r.Member(name); address != "" {
			r.peers = append(r.peers, r.AddEntity(soc.InboundEntity{Kind: soc.KindIP, Value: address, Provenance: proven, Field: name}))
		}
	}
	r.AddEvidence("alert", r.StartedAt, r.peers,
		soc.Asserted("signature", r.Title), soc.Asserted("signature_id", r.alert.Member("signature_id")), soc.Asserted("generator_id", r.alert.Member("gid")),
		soc.Asserted("revision", r.alert.Member("rev")), soc.Asserted("category", r.Category), soc.Asserted("severity", r.alert.Member("severity")),
		soc.Asserted("action", r.alert.Member("action")), soc.Field{Name: "src_ip", Value: r.Member("src_ip"), Provenance: proven},
		soc.Field{Name: "dest_ip", Value: r.Member("dest_ip"), Provenance: proven}, soc.Asserted("timestamp", r.Member("timestamp")))
	r.network(proven)
	r.http()
	r.section("dns", "dns", r.dnsEntities())
	r.tls()
	r.section("smtp", "mail", r.mailboxes())
	r.section("email", "mail", nil)
	r.files()
	r.AddEvidence("payload", r.StartedAt, r.peers, soc.Parsed("payload_printable", r.Member("payload_printable")), soc.Parsed("payload", r.Member("payload")))
	r.rest()
}

// network is the flow: what the sensor measured, except the addresses of a
// flow that proves nothing.
func (r *record) network(proven soc.Provenance) {
	fields := []soc.Field{
		{Name: "src_ip", Value: r.Member("src_ip"), Provenance: proven},
		{Name: "src_port", Value: r.Member("src_port"), Provenance: proven},
		{Name: "dest_ip", Value: r.Member("dest_ip"), Provenance: proven},
		{Name: "dest_port", Value: r.Member("dest_port"), Provenance: proven},
	}
	for _, name := range []string{"proto", "app_proto", "app_proto_tc", "app_proto_ts", "app_proto_expected", "in_iface", "vlan", "flow_id", "direction", "host", "community_id", "icmp_type", "icmp_code"} {
		fields = append(fields, soc.Asserted(name, strings.Join(r.Get(name).Texts(), ", ")))
	}
	for _, leaf := range r.Get("flow").Leaves("flow") {
		f := soc.Asserted(leaf.Path, leaf.Text)
		if strings.HasSuffix(leaf.Path, "_ip") || strings.HasSuffix(leaf.Path, "_port") {
			f.Provenance = proven
		}
		fields = append(fields, f)
	}
	r.AddEvidence("network", r.StartedAt, r.peers, fields...)
}

func (r *record) add(kind soc.EntityKind, value, field string) string {
	if value == "" {
		return ""
	}
	return r.AddEntity(soc.InboundEntity{Kind: kind, Value: value, Provenance: soc.ProvenanceParsed, Field: field})
}

// name adds a host name off the wire, which may be an address.
func (r *record) name(text, field string) string {
	bare := strings.Trim(text, "[]")
	if host, _, found := strings.Cut(bare, ":"); found && strings.Count(bare, ":") == 1 {
		bare = host
	}
	if _, err := netip.ParseAddr(bare); err == nil {
		return r.add(soc.KindIP, bare, field)
	}
	return r.add(soc.KindDomain, bare, field)
}

func (r *record) http() {
	h := r.Get("http")
	if h.Empty() {
		return
	}
	host, path := h.Member("hostname"), h.Member("url")
	refs := append([]string{}, r.peers...)
	if host != "" {
		refs = append(refs, r.name(host, "http.hostname"))
	}
	var full string
	switch {
	case strings.Contains(path, "://"):
		full = path
	case host != "" && strings.HasPrefix(path, "/"):
		full = "http://" + host
		if port := h.Member("http_port"); port != "" && port != "80" && !strings.Contains(host, ":") {
			full += ":" + port
		}
		full += path
	}
	refs = append(refs, r.add(soc.KindURL, full, "http.url"))
	fields := []soc.Field{soc.Parsed("full_url", full)}
	r.AddEvidence("http", r.StartedAt, refs, append(fields, soc.LeafFields(h.Leaves("http"))...)...)
}

// section shows every value of one protocol object.
func (r *record) section(name, kind string, refs []string) {
	r.AddEvidence(kind, r.StartedAt, append(refs, r.peers...), soc.LeafFields(r.Get(name).Leaves(name))...)
}

func (r *record) dnsEntities() []string {
	var refs []string
	for _, leaf := range r.Get("dns").Leaves("dns") {
		switch {
		case strings.HasSuffix(leaf.Path, "rrname"):
			refs = append(refs, r.name(leaf.Text, leaf.Path))
		case strings.HasSuffix(leaf.Path, "rdata"):
			if _, err := netip.ParseAddr(leaf.Text); err == nil {
				refs = append(refs, r.add(soc.KindIP, leaf.Text, leaf.Path))
			}
		}
	}
	return refs
}

func (r *record) tls() {
	var refs []string
	if name := r.Get("tls", "sni").Text(); name != "" {
		refs = append(refs, r.name(name, "tls.sni"))
	}
	r.section("tls", "tls", refs)
}

func (r *record) mailboxes() []string {
	var refs []string
	for _, name := range []string{"mail_from", "rcpt_to"} {
		for _, address := range r.Get("smtp", name).Texts() {
			if strings.Contains(address, "@") {
				refs = append(refs, r.add(soc.KindMailbox, address, "smtp."+name))
			}
		}
	}
	return refs
}

func (r *record) files() {
	list := r.Get("files").Items()
	if one := r.Get("fileinfo"); !one.Empty() {
		list = append(list, one)
	}
	for _, f := range list {
		refs := append([]string{}, r.peers...)
		hashes := map[string]string{soc.PropertySHA256: f.Member("sha256"), soc.PropertySHA1: f.Member("sha1"), soc.PropertyMD5: f.Member("md5")}
		for _, algorithm := range []string{soc.PropertySHA256, soc.PropertySHA1, soc.PropertyMD5} {
			if hashes[algorithm] != "" {
				refs = append(refs, r.AddEntity(soc.InboundEntity{
					Kind: soc.KindFileHash, Value: hashes[algorithm], Provenance: soc.ProvenanceSensorAsserted, Field: "fileinfo." + algorithm,
					Names: []string{hashes[soc.PropertySHA256], hashes[soc.PropertySHA1], hashes[soc.PropertyMD5]}, Properties: hashes,
				}))
				break
			}
		}
		if name := f.Member("filename"); name != "" {
			properties := map[string]string{soc.PropertyName: name, soc.PropertyPath: name}
			for k, h := range hashes {
				properties[k] = h
			}
			refs = append(refs, r.AddEntity(soc.InboundEntity{
				Kind: soc.KindFile, Value: soc.FileValue(properties), Display: name, Provenance: soc.ProvenanceParsed, Field: "fileinfo.filename", Properties: properties,
			}))
		}
		r.AddEvidence("file", r.StartedAt, refs, soc.LeafFields(f.Leaves("file"))...)
	}
}

// shown are the members that have a row of their own.
var shown = map[string]bool{
	"timestamp": true, "event_type": true, "src_ip": true, "src_port": true, "dest_ip": true, "dest_port": true, "proto": true, "app_proto": true,
	"app_proto_tc": true, "app_proto_ts": true, "app_proto_expected": true, "in_iface": true, "vlan": true, "flow_id": true, "direction": true,
	"host": true, "community_id": true, "icmp_type": true, "icmp_code": true, "flow": true, "http": true, "dns": true, "tls": true, "smtp": true,
	"email": true, "files": true, "fileinfo": true, "payload": true, "payload_printable": true,
}

// rest keeps everything else: protocols this mapper has no row for, rule
// metadata, flow variables.
func (r *record) rest() {
	var fields []soc.Field
	for _, m := range r.Members() {
		switch {
		case m.Name == "alert":
			for _, leaf := range m.Value.Leaves("alert") {
				if strings.HasPrefix(leaf.Path, "alert.metadata") || strings.Count(leaf.Path, ".") > 1 {
					fields = append(fields, soc.Asserted(leaf.Path, leaf.Text))
				}
			}
		case !shown[m.Name]:
			fields = append(fields, soc.LeafFields(m.Value.Leaves(m.Name))...)
		}
	}
	r.AddEvidence("property", r.StartedAt, r.peers, fields...)
}
