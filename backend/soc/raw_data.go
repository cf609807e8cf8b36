package soc

import (
	"strings"
	"time"
)

// rawMember is a member of an incident's raw data that names an entity.
type rawMember struct {
	kind EntityKind
	// property is where the value goes if it is not the entity's own.
	property string
	// inventoried: a product that is tied to its source can vouch for it. What a
	// sender of mail, a server of pages or a program writes is never among them
	// (S10).
	inventoried bool
}

// rawMembers are the members of raw_data that are known, by name, in the
// spellings products use (triage-api.md section 4).
var rawMembers = map[string]rawMember{
	"message_id": {kind: KindMailMessage, inventoried: true}, "internet_message_id": {kind: KindMailMessage, inventoried: true},
	"recipient": {kind: KindMailbox, inventoried: true}, "recipients": {kind: KindMailbox, inventoried: true}, "mailbox": {kind: KindMailbox, inventoried: true},
	"sender": {kind: KindMailbox}, "from": {kind: KindMailbox}, "reply_to": {kind: KindMailbox}, "return_path": {kind: KindMailbox},
	"hostname": {kind: KindHost, inventoried: true}, "host": {kind: KindHost, inventoried: true}, "computer": {kind: KindHost, inventoried: true},
	"device_id": {kind: KindHost, property: PropertyDeviceID, inventoried: true}, "agent_id": {kind: KindHost, property: PropertyAgentID, inventoried: true},
	"username": {kind: KindAccount, inventoried: true}, "user": {kind: KindAccount, inventoried: true}, "user_id": {kind: KindAccount, inventoried: true},
	"user_principal_name": {kind: KindAccount, inventoried: true}, "upn": {kind: KindAccount, inventoried: true}, "account": {kind: KindAccount, inventoried: true},
	"src_ip": {kind: KindIP, inventoried: true}, "dst_ip": {kind: KindIP, inventoried: true}, "dest_ip": {kind: KindIP, inventoried: true},
	"source_ip": {kind: KindIP, inventoried: true}, "destination_ip": {kind: KindIP, inventoried: true}, "ip": {kind: KindIP, inventoried: true},
	"ip_address": {kind: KindIP, inventoried: true}, "sender_ip": {kind: KindIP, inventoried: true},
	"file_hash": {kind: KindFileHash, inventoried: true}, "sha256": {kind: KindFileHash, inventoried: true}, "sha1": {kind: KindFileHash, inventoried: true},
	"md5": {kind: KindFileHash, inventoried: true}, "file_name": {kind: KindFile}, "filename": {kind: KindFile}, "file_path": {kind: KindFile},
	"process": {kind: KindProcess}, "process_name": {kind: KindProcess}, "url": {kind: KindURL}, "urls": {kind: KindURL}, "link": {kind: KindURL}, "links": {kind: KindURL},
	"domain": {kind: KindDomain}, "sender_domain": {kind: KindDomain}, "domains": {kind: KindDomain},
}

// rawDataFields bounds the fields of the one row of evidence.
const rawDataFields = 500

// ReadRawData reads the raw data of an incident that was made by a request:
// known members become entities, everything becomes one row of evidence. tied
// says that the key may speak for the source alone, whose inventory then vouches
// for the top level. in carries what else the request said. Text that no
// database can hold is repaired in what is read, never in in.Raw.
func ReadRawData(in InboundAlert, tied bool, at time.Time) (InboundAlert, error) {
	v, _, err := ParsePayload(in.Raw)
	if err != nil {
		return in, err
	}
	d := &AlertDraft{InboundAlert: in}
	var refs []string
	fields := d.rawEntities(v, tied, &refs)
	kind := "alert"
	if !v.Get("message_id").Empty() || !v.Get("sender").Empty() {
		kind = "mail"
	}
	d.AddEvidence(kind, at, refs, fields...)
	return d.InboundAlert, nil
}

// rawEntities adds an entity for every known member and returns all fields.
func (d *AlertDraft) rawEntities(v Payload, tied bool, refs *[]string) []Field {
	fields := []Field{}
	host := map[string]string{} // one host has its name and its ids
	for _, leaf := range v.Leaves("") {
		if len(fields) == rawDataFields {
			break
		}
		name := leaf.Path[strings.LastIndexByte(leaf.Path, '.')+1:]
		name, _, _ = strings.Cut(name, "[")
		top := name == leaf.Path
		member, known := rawMembers[name]
		provenance := AssertedIf(known && tied && top && member.inventoried)
		fields = append(fields, Field{leaf.Path, leaf.Text, provenance})
		if !known {
			continue
		}
		if member.property != "" && top {
			host[member.property] = leaf.Text
			continue
		}
		values := []string{leaf.Text}
		if m := v.Get(name); top && m.IsArray() {
			values = m.Texts()
		}
		for _, value := range values {
			e := InboundEntity{Kind: member.kind, Value: value, Provenance: provenance, Field: leaf.Path}
			if canonical, ok := CanonicalValue(member.kind, value); ok && member.kind == KindMailMessage {
				e.Display = canonical // without its brackets it reads like an identifier
			}
			if top && member.kind == KindHost {
				e.Properties = map[string]string{PropertyDeviceID: v.Member("device_id"), PropertyAgentID: v.Member("agent_id")}
				host = map[string]string{}
			}
			*refs = append(*refs, d.AddEntity(e))
		}
	}
	if id := host[PropertyDeviceID]; id != "" && v.Get("hostname").Empty() && v.Get("host").Empty() && v.Get("computer").Empty() {
		*refs = append(*refs, d.AddEntity(InboundEntity{
			Kind: KindHost, Value: id, Provenance: AssertedIf(tied), Field: "device_id", Properties: host,
		}))
	}
	return fields
}
