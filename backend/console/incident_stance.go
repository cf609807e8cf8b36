package console

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"vedette/backend/soc"
)

// incidentStance is everything that was said about what an incident is: what
// stands, what waits, and the two that proposed it side by side.
type incidentStance struct {
	// Floor is the newest finished triage by the deterministic triager, Agent the
	// shown investigation where somebody else made it; nil for none.
	Floor *floorPosition
	Agent *agentPosition
	Held  []reason
	// Proposal is the id of the held investigation, "" for none.
	Proposal string
	// Running is a triage that has not ended, Triages all that were.
	Running *soc.Triage
	Triages int
	// Disagree: floor and agent state different classes.
	Disagree bool
}

type floorPosition struct {
	soc.Triage
	Why    floorReasons
	Claims []claim
}

// floorReasons are the members of a triage's rationale (T17) that a page shows.
type floorReasons struct {
	ColdStart bool `json:"cold_start"`
	History   struct {
		Level string `json:"level"`
		N     int    `json:"n"`
		soc.VerdictCounts
		Last *string `json:"last"`
	} `json:"history"`
	Signals     []json.RawMessage `json:"signals"`
	Vetoes      []json.RawMessage `json:"vetoes"`
	Contrary    []string          `json:"contrary"`
	WouldChange []string          `json:"would_change"`
}

type agentPosition struct {
	soc.Investigation
	// Triage is the run of the built-in model that made it, nil for others.
	Triage *soc.Triage
	Claims []claim
	Tools  []soc.ToolCall
}

// claim is a sentence with the evidence it cites.
type claim struct {
	Text     string
	Evidence []soc.Evidence
	// Unknown are cited ids that are no row here.
	Unknown []string
}

// triagesRead is how far back the newest triage of the floor is looked for.
const triagesRead = 20

func (c *Console) stance(ctx context.Context, by soc.Actor, found soc.CaseDetail) (p incidentStance, err error) {
	i := found.Incident
	ref := soc.IncidentRef{ID: i.ID}
	triages, err := c.desk.ListTriages(ctx, by, ref, nil, 0, triagesRead)
	if err != nil {
		return p, err
	}
	p.Triages = triages.Total
	for n := range triages.Triages {
		t := triages.Triages[n]
		switch {
		case !t.State.Ended() && p.Running == nil:
			p.Running = &t
		case p.Floor == nil && t.Engine == "deterministic" && t.Verdict != "":
			p.Floor = &floorPosition{Triage: t}
			if len(t.Result) > 0 && json.Unmarshal(t.Result, &p.Floor.Why) != nil {
				p.Floor.Why = floorReasons{} // an older form: what it says in words is shown all the same
			}
		}
	}
	verdicts, err := c.desk.IncidentVerdicts(ctx, by, []soc.Incident{i})
	if err != nil {
		return p, err
	}
	shown := verdicts[i.ID]
	if inv := shown.Investigation; inv != nil {
		if i.Held {
			p.Held, p.Proposal = reasonsOf(i.HoldReasons), inv.ID
		}
		if inv.Engine != "deterministic" {
			p.Agent = &agentPosition{Investigation: *inv, Triage: shown.Triage}
			if len(inv.ToolCalls) > 0 && json.Unmarshal(inv.ToolCalls, &p.Agent.Tools) != nil {
				p.Agent.Tools = nil // what was claimed cannot be read; the counts of the ledger stand
			}
		}
	}
	return p, c.cite(ctx, by, found, &p)
}

// cite puts the evidence beside each sentence of both.
func (c *Console) cite(ctx context.Context, by soc.Actor, found soc.CaseDetail, p *incidentStance) error {
	var texts []string
	if p.Floor != nil {
		texts = append(texts, p.Floor.Reasoning)
	}
	if p.Agent != nil {
		texts = append(texts, p.Agent.Comment)
	}
	cited := soc.Cited(strings.Join(texts, " "))
	numbers := soc.EvidenceNumbers(cited, soc.CaseEvidence)
	known := numbers[:0]
	for _, n := range numbers {
		if n <= found.Incident.EvidenceCount {
			known = append(known, n)
		}
	}
	rows := map[string]soc.Evidence{}
	if len(known) > 0 {
		_, read, err := c.desk.GetEvidence(ctx, by, soc.IncidentRef{ID: found.Incident.ID}, known)
		if err != nil {
			return err
		}
		for _, row := range read {
			rows[soc.EvidenceID(row.Number)] = row
		}
	}
	if p.Floor != nil {
		p.Floor.Claims = claimsOf(p.Floor.Reasoning, rows)
	}
	if p.Agent != nil {
		p.Agent.Claims = claimsOf(p.Agent.Comment, rows)
		p.Disagree = p.Floor != nil && p.Floor.Verdict != p.Agent.Verdict
	}
	return nil
}

// sentenceEnd is where a sentence ends: behind its marks, the citations that
// follow them, and a space; or at the end of a line.
var sentenceEnd = regexp.MustCompile(`[.!?](?:\s*\[[E0-9,; ]+\])*(?:\s+|$)|\n+`)

// citations are the marks of a sentence: what they cite stands beside it.
var citations = regexp.MustCompile(`\s*\[\s*E[0-9]+(?:\s*[,;]\s*E[0-9]+)*\s*\]`)

// maxClaims bounds the sentences of one text that a page shows.
const maxClaims = 200

func claimsOf(text string, rows map[string]soc.Evidence) (claims []claim) {
	at := 0
	ends := sentenceEnd.FindAllStringIndex(text, maxClaims)
	ends = append(ends, []int{len(text), len(text)})
	for _, end := range ends {
		sentence := strings.TrimSpace(text[at:end[1]])
		at = end[1]
		if sentence == "" {
			continue
		}
		made := claim{Text: strings.TrimSpace(citations.ReplaceAllString(sentence, ""))}
		for _, id := range soc.Cited(sentence) {
			if row, found := rows[id]; found {
				made.Evidence = append(made.Evidence, row)
			} else {
				made.Unknown = append(made.Unknown, id)
			}
		}
		claims = append(claims, made)
	}
	return claims
}
