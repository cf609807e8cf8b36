package soc

import (
	"crypto/sha256"
	"encoding/json"
	"time"
)

// TimelineKind is what an entry of a case's timeline tells.
type TimelineKind string

// timelineEvents are the events of the record that a timeline shows, with its
// words for them. The record is append-only, and so is what is drawn from it:
// there is no second account of what happened.
var timelineEvents = map[string]TimelineKind{
	"incident_created": "created", "comment_added": "comment", "investigation_submitted": "investigation",
	"incident_changed": "change", "incident_closed": "resolved", "incident_reopened": "reopened", "incident_closing_held": "verdict_held",
	"held_accepted": "verdict_decided", "held_rejected": "verdict_decided", "verdict_set": "verdict",
	"triage_finished": "triage", "attachment_added": "attachment", "attachment_removed": "attachment_removed", "sla_breached": "sla_breached",
	"alert_escalated": "alert_escalated", "alert_linked": "alert_linked", "alert_unlinked": "alert_unlinked",
	"gamebook_submitted": "action", "gamebook_queued": "action", "gamebook_approved": "action", "gamebook_rejected": "action", "gamebook_denied": "action",
	"gamebook_started": "action", "gamebook_completed": "action", "gamebook_completed_unverified": "action", "gamebook_partially_completed": "action",
	"gamebook_failed": "action", "gamebook_halted": "action", "gamebook_cancelled": "action", "gamebook_expired": "action", "gamebook_rolled_back": "action",
	"step_dispatched": "action", "step_finished": "action",
}

// TimelineEvents lists the events that timelines show.
func TimelineEvents() []string {
	events := make([]string, 0, len(timelineEvents))
	for event := range timelineEvents {
		events = append(events, event)
	}
	return events
}

// TimelineEntry is one happening of a case.
type TimelineEntry struct {
	// ID is a UUID made of the entry's place in the record and its hash.
	ID     string
	Kind   TimelineKind
	At     time.Time
	By     string
	ByKind PrincipalKind
	ByName string
	// Data are ids and words of closed sets in the case family's spelling,
	// never text of evidence.
	Data map[string]any
}

// ReadTimeline draws an entry of the record. shown is false for one that timelines
// leave out.
func ReadTimeline(e AuditEntry) (entry TimelineEntry, shown bool) {
	kind, shown := timelineEvents[e.Event]
	if !shown {
		return entry, false
	}
	return TimelineEntry{
		ID: timelineID(e), Kind: kind, At: e.At, By: e.Actor, ByKind: e.ActorKind, ByName: e.ActorName, Data: timelineData(e, kind),
	}, true
}

// timelineID is a UUID of version 8 (RFC 9562, section 5.8).
func timelineID(e AuditEntry) string {
	sum := sha256.Sum256([]byte("timeline\x00" + e.Hash))
	var bits [16]byte
	copy(bits[:], sum[:])
	bits[6], bits[8] = bits[6]&0x0f|0x80, bits[8]&0x3f|0x80
	return formatUUID(bits)
}

func timelineData(e AuditEntry, kind TimelineKind) map[string]any {
	data := map[string]any{}
	put := func(name, value string) {
		if value != "" {
			data[name] = value
		}
	}
	word := func(name, core string) {
		put(name, CaseVerdict(Verdict(core), false))
		if core != "" && name == "verdict" {
			put("classification", core)
		}
	}
	switch kind {
	case "comment":
		put("comment_id", CaseID(CasePrefixComment, e.Target))
	case "attachment", "attachment_removed":
		put("attachment_id", CaseID(CasePrefixAttachment, e.Target))
		put("hash", e.Digest)
	case "action":
		put("gamebook_id", e.Gamebook)
		put("event", e.Event)
		put("code", string(e.Code))
	case "sla_breached":
		put("target", e.Target)
	case "investigation", "verdict_held", "verdict_decided":
		put("investigation_id", e.Target)
		word("verdict", e.After)
		put("decision", e.Decision)
	default:
		word("verdict", e.After)
		word("earlier_verdict", e.Before)
	}
	timelineChanges(e, data)
	return data
}

// timelineChanges adds what a change of an incident made different.
func timelineChanges(e AuditEntry, data map[string]any) {
	var changes map[string]json.RawMessage
	if json.Unmarshal([]byte(e.Detail), &changes) != nil {
		return
	}
	for _, name := range []string{"status", "severity"} {
		var pair [2]string
		if json.Unmarshal(changes[name], &pair) != nil {
			continue
		}
		if name == "status" {
			pair = [2]string{CaseStatus.Word(Status(pair[0])), CaseStatus.Word(Status(pair[1]))}
		}
		data[name] = map[string]string{"from": pair[0], "to": pair[1]}
	}
	var size int64
	if json.Unmarshal(changes["size"], &size) == nil && size > 0 {
		data["size"] = size
	}
}
