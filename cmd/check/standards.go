package main

import "strings"

// requirement is one line of the README's tables.
type requirement struct {
	id    string
	title string
}

// releaseRequirements are the requirements of the safety model that this
// release must prove: without a test for each of them nothing is released.
var releaseRequirements = []requirement{
	{"S1", "a hijacked agent can do no more than policy and people allow"},
	{"S2", "the trigger in a request is a claim"},
	{"S3", "an agent cannot lower the severity that gates it"},
	{"S4", "only people decide"},
	{"S5", "who asked cannot approve"},
	{"S6", "every request authenticates"},
	{"S7", "one permission table for listing and calling"},
	{"S8", "a run sees one incident"},
	{"S9", "ids are exact, nothing is repaired"},
	{"S10", "provenance of a target decides autonomy"},
	{"S11", "display fields are verified, never used"},
	{"S12", "the target is resolved and pinned at submit"},
	{"S13", "an approval binds to the digest, rebuilt before each step"},
	{"S14", "the approval card is drawn by the server"},
	{"S15", "silence never approves; two clocks"},
	{"S16", "an approval is used once"},
	{"S17", "two people and a fresh sign-in where it cannot be undone"},
	{"S18", "what the approver saw is read again before each step"},
	{"S19", "nothing in a request is consent"},
	{"S20", "a link in chat or mail opens a page and decides nothing"},
	{"S21", "only the harmless is approved in a batch"},
	{"S22", "step states are honest"},
	{"S23", "every effect is read back"},
	{"S24", "rollback goes through the same gate, once, inside its window"},
	{"S25", "what was isolated for a time is released, across crashes"},
	{"S26", "intent before effect; nothing runs twice"},
	{"S27", "writes are idempotent"},
	{"S28", "steps run in order, one gamebook on a target at a time"},
	{"S30", "hard limits count attempts"},
	{"S31", "the population breaker opens and stays open"},
	{"S32", "protected assets are protected under every name"},
	{"S33", "the kill switch is durable and total"},
	{"S34", "closing is acting"},
	{"S35", "all doors, one lock"},
	{"S36", "the server's ledger checks the agent's story"},
	{"S37", "memory does not learn from agents"},
	{"S38", "taint follows what was served"},
	{"S39", "hostile text arrives marked and escaped"},
	{"S40", "hostile evidence is flagged and kept"},
	{"S41", "cuts are visible and the rest is found"},
	{"S42", "events carry no words of agents or evidence"},
	{"S43", "prompts, procedures, catalogue and tools are privileged configuration"},
	{"S44", "the workspace comes from the credential"},
	{"S45", "tokens are sealed and bound to who asked for what"},
	{"S46", "no workspace learns from another"},
	{"S47", "what alerts say cannot script a page"},
	{"S48", "writes come from a real session"},
	{"S49", "a sign-in cannot be guessed"},
	{"S50", "outbound calls cannot be aimed inward"},
	{"S51", "deliveries are authentic, bounded and not lost"},
	{"S52", "keys are shown once, stored as hashes, and end"},
	{"S53", "secrets at rest are sealed"},
	{"S54", "no credential leaves in what is served or logged"},
	{"S55", "the record is tamper-evident, and vouched for outside of it"},
	{"S57", "parsing is bounded"},
	{"S58", "every parser has a fuzz target"},
	{"S59", "forbid wins, and policy that cannot be read stops changes"},
	{"S60", "loosening takes two people, tightening one"},
	{"S61", "budgets are hard"},
	{"S62", "the loop acts by its tools alone, and its state is proven"},
	{"S63", "a misbehaving agent is suspended until a person lifts it"},
	{"S64", "how people deal with approval cards is measured"},
	{"S66", "receipts verify offline"},
	{"S67", "refusals are stable"},
	{"S68", "investigations are traced without content"},
	{"S69", "the proof ships with the product"},
}

// wrapperDuties are what mcp-go v1.2.1 does and what stands round it. An
// upgrade of the library is judged by their tests.
var wrapperDuties = []requirement{
	{"W1", "accepts any Origin: Origin and Host are checked before the body is read"},
	{"W2", "reads the whole body: bodies and times are bounded"},
	{"W3", "checks no credential: every request is authenticated in front of it"},
	{"W4", "asks clients that cannot answer: nothing is asked of a client"},
	{"W5", "cannot answer -32021: required capabilities are checked in front"},
	{"W6", "sends error texts and panics out: a code and a reference go out, the text to the log"},
	{"W7", "does not validate arguments: our validator does, on the raw bytes"},
	{"W8", "passes arrays, null and duplicate keys: one object, no duplicate"},
	{"W9", "escapes HTML in the text copy: command lines arrive as they are"},
	{"W10", "drops the last progress notification: none is sent"},
	{"W11", "cancels tasks at birth: no task capability, own handles"},
	{"W12", "accepts forged session ids: sessions identify nobody, only POST passes"},
	{"W13", "leaves destructiveHint true: all four hints on every tool"},
	{"W14", "lets proxies buffer event streams: X-Accel-Buffering: no"},
	{"W15", "answers -32603 for an unknown resource: -32602, or -32002 on the old wire"},
	{"W16", "fails a listener without listChanged: declared; every prompt is described"},
	{"W17", "prints a schema error and goes on: a schema error stops the start"},
}

// standard is one row of the safety model's standards map.
type standard struct {
	items        string
	requirements string
	note         string // empty where the map says met
}

// The map of OWASP AISVS 1.0, chapters C9 and C10 item by item and the items of
// other chapters that the model takes a stand on.
var aisvs = []standard{
	{"2.1.1, 2.1.2, 2.1.7", "S39, S40", ""},
	{"2.1.3", "S40", "deviation"},
	{"2.1.4", "S41", "deviation"},
	{"2.1.5", "S9, S57", "deviation"},
	{"5.2.5", "S62", ""},
	{"9.1.1, 9.1.2", "S30, S57, S61", ""},
	{"9.1.3, 9.6.1, 9.6.3", "S33", ""},
	{"9.2.1", "S1, S4, S13", ""},
	{"9.2.2", "S13, S14", ""},
	{"9.2.3, 9.2.4, 9.2.10", "S24", ""},
	{"9.2.5", "S43, S59", ""},
	{"9.2.8", "S13, S16, S66", ""},
	{"9.2.9", "S62", "part"},
	{"9.3.1", "S12, S42, S50, S62", "part"},
	{"9.3.2", "S39", ""},
	{"9.3.3, 9.3.4", "S7", ""},
	{"9.3.5, 9.3.6", "S38, S62", "part"},
	{"9.3.7", "S42", ""},
	{"9.3.8", "S63", ""},
	{"9.4.1", "S2, S52", "gap"},
	{"9.4.2", "S55, S66", ""},
	{"9.4.3", "S52", ""},
	{"9.4.4", "S62", ""},
	{"9.5.1, 9.5.2, 9.5.3", "S1, S2, S7, S9, S59", ""},
	{"9.5.4", "S54", ""},
	{"9.5.5", "S8", ""},
	{"9.5.6", "S3, S18", ""},
	{"9.6.2", "S15", ""},
	{"10.2.1, 10.2.4, 10.2.5, 10.2.6, 10.2.7", "S6, S7, S8, S45", ""},
	{"10.2.2", "S6, S52", "part"},
	{"10.2.3", "S52", ""},
	{"10.3.1, 10.3.2, 10.3.3", "S6", ""},
	{"10.4.1, 10.4.2", "S39, S40", ""},
	{"10.4.3, 10.4.4, 10.4.5", "S57, S58", ""},
	{"10.4.8", "S43", ""},
	{"12.1.3", "S68", ""},
	{"12.2.5", "S61", ""},
	{"12.4.2", "S55", ""},
	{"12.4.3", "S33", ""},
}

// The map of OWASP ASVS 5.0.
var asvs = []standard{
	{"1.2.4, 1.2.10, 16.4.1", "S56", ""},
	{"1.3.5, 3.2.1, 3.2.2, 3.4.3, 3.4.4, 3.4.6, 3.4.8", "S47", ""},
	{"1.3.6, 13.2.4, 15.3.2", "S50", ""},
	{"1.3.12", "S57", ""},
	{"2.3.1, 2.3.3, 2.3.4", "S13, S26, S28", ""},
	{"2.3.5, 7.5.3", "S5, S17, S60", ""},
	{"2.4.1, 2.4.2", "S30, S64", ""},
	{"3.3.1-3.3.4, 3.5.1, 3.5.3, 7.2.1-7.2.4, 7.3.1, 7.3.2, 7.4.1, 7.4.2", "S48", ""},
	{"5.2.1-5.2.3, 5.2.5, 5.3.2, 5.4.1", "S57", ""},
	{"6.3.1-6.3.3, 15.3.4", "S49", ""},
	{"8.2.1, 8.2.2, 8.3.1, 8.4.1", "S4, S7, S44", ""},
	{"8.2.3, 15.3.3", "S7, S35", ""},
	{"8.3.2", "S3, S60", ""},
	{"9.1.1, 9.2.1, 9.2.2, 11.5.1", "S2, S45, S52", ""},
	{"11.3.2, 11.3.3, 11.4.2, 13.3.1, 13.3.4", "S49, S52, S53", ""},
	{"12.1.1, 12.2.1, 12.3.2, 14.2.1", "S6, S50", ""},
	{"15.4.1, 15.4.2", "S16, S18", ""},
	{"16.2.1, 16.2.2, 16.3.1-16.3.4, 16.4.2, 16.4.3", "S55", ""},
	{"16.5.1-16.5.4", "S26, S54, S58", ""},
}

// drawStandards lists the items that a requirement bears on. An item may need
// further requirements, so this is no claim that the item is met.
func drawStandards(id string) string {
	var parts []string
	for _, list := range []struct {
		name string
		rows []standard
	}{{"AISVS", aisvs}, {"ASVS", asvs}} {
		if items := itemsOf(list.rows, id); items != "" {
			parts = append(parts, list.name+" "+items)
		}
	}
	return strings.Join(parts, "; ")
}

func itemsOf(rows []standard, id string) string {
	var items []string
	for _, row := range rows {
		for named := range strings.SplitSeq(row.requirements, ", ") {
			if named != id {
				continue
			}
			text := row.items
			if row.note != "" {
				text += " (" + row.note + ")"
			}
			items = append(items, text)
		}
	}
	return strings.Join(items, ", ")
}
