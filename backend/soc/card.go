package soc

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Card is what an approver sees (S14), in the order people read it and in the
// words of the ops API, because its bytes are hashed: what was shown is part of
// the record. Everything but AgentSays is the server's own or was escaped by
// it; lists are never cut. Times are UTC with milliseconds.
type Card struct {
	GamebookID  string       `json:"gamebookId"`
	Digest      string       `json:"digest"`
	DigestShort string       `json:"digestShort"`
	State       string       `json:"state"`
	Version     int          `json:"version"`
	Sentence    string       `json:"sentence"`
	Targets     []CardTarget `json:"targets"`
	Steps       []CardStep   `json:"steps"`
	Class       string       `json:"class"`
	Impact      string       `json:"impact"`
	// Rollback is the worst step's; nil where nothing undoes it.
	Rollback          *CardRollback    `json:"rollback"`
	AutoRevertSeconds *int64           `json:"autoRevertSeconds"`
	BlastRadius       CardBlast        `json:"blastRadius"`
	Provenance        []CardProvenance `json:"provenance"`
	Flags             []string         `json:"flags"`
	AskedBy           CardAsker        `json:"askedBy"`
	Rules             []CardRule       `json:"rules"`
	PolicyVersion     int64            `json:"policyVersion"`
	Severity          CardSeverity     `json:"severity"`
	IfNobodyAnswers   string           `json:"ifNobodyAnswers"`
	ApprovalExpiresAt string           `json:"approvalExpiresAt"`
	ExecutionWindow   int64            `json:"executionWindowSeconds"`
	ExecutionExpires  *string          `json:"executionExpiresAt"`
	Need              CardNeed         `json:"need"`
	Approvals         []CardApproval   `json:"approvals"`
	SecondApprover    *CardSecond      `json:"secondApprover"`
	EligiblePeople    int              `json:"eligiblePeople"`
	You               *CardYou         `json:"you,omitempty"`
	EarlierOnTarget   []CardEarlier    `json:"earlierOnTarget"`
	// Canonical is the exact byte string the digest covers.
	Canonical  string    `json:"canonical"`
	ViewSHA256 string    `json:"viewSha256,omitempty"`
	View       string    `json:"view,omitempty"`
	AgentSays  CardAgent `json:"agentSays"`

	// Revision changes with every material change of the world; it is the
	// card's ETag and no part of its data.
	Revision int64 `json:"-"`
}

// CardTarget is a resolved target.
type CardTarget struct {
	EntityID    string   `json:"entityId"`
	Kind        string   `json:"kind"`
	Name        string   `json:"name"`
	ConnectorID *string  `json:"connectorId"`
	Connector   *string  `json:"connector"`
	NativeID    *string  `json:"nativeId"`
	Owner       *string  `json:"owner"`
	Criticality string   `json:"criticality"` // normal, high
	Protected   *string  `json:"protected"`
	Aliases     []string `json:"aliases"`
}

// CardParameters are a step's parameters, whole: strings, integers, booleans.
type CardParameters map[string]any

// CardStep is one step with the evidence about its target.
type CardStep struct {
	ActionID        string         `json:"actionId"`
	Ordinal         int            `json:"ordinal"`
	PlaybookID      string         `json:"playbookId"`
	PlaybookVersion int            `json:"playbookVersion"`
	PlaybookHash    string         `json:"playbookHash"`
	EntityID        string         `json:"entityId"`
	Params          CardParameters `json:"params"`
	Status          string         `json:"status"`
	Evidence        []CardEvidence `json:"evidence"`
}

// CardEvidence is one row of proof in its envelope.
type CardEvidence struct {
	ID      string      `json:"id"`
	At      string      `json:"at"`
	Source  string      `json:"source"`
	Excerpt CardExcerpt `json:"excerpt"`
}

// CardExcerpt is text somebody else wrote.
type CardExcerpt struct {
	Value      string   `json:"value"`
	Provenance string   `json:"provenance"`
	Truncated  bool     `json:"truncated"`
	Flags      []string `json:"flags"`
}

// CardRollback is what undoes the action.
type CardRollback struct {
	PlaybookID    string `json:"playbookId"`
	Verified      bool   `json:"verified"`
	WindowSeconds int64  `json:"windowSeconds"`
}

// CardBlast is how far the action reaches.
type CardBlast struct {
	Entities          int        `json:"entities"`
	Hosts             int        `json:"hosts"`
	Accounts          int        `json:"accounts"`
	Servers           int        `json:"servers"`
	ShareOfKnownHosts float64    `json:"shareOfKnownHosts"`
	Rates             []CardRate `json:"rates"`
}

// CardRate is one limit and how much of it is used.
type CardRate struct {
	Limit string `json:"limit"`
	Used  int    `json:"used"`
	Max   int    `json:"max"`
}

// CardProvenance says who vouches for a target.
type CardProvenance struct {
	EntityID   string  `json:"entityId"`
	Provenance string  `json:"provenance"`
	Source     string  `json:"source"`
	SeenAt     *string `json:"seenAt"`
}

// CardPrincipal names who asked.
type CardPrincipal struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// CardAsker is who asked, and with what authority.
type CardAsker struct {
	Principal        CardPrincipal `json:"principal"`
	RunID            *string       `json:"runId"`
	StartedBy        *string       `json:"startedBy"`
	ClaimedTrigger   string        `json:"claimedTrigger"`
	EffectiveTrigger string        `json:"effectiveTrigger"`
	Taint            string        `json:"taint"`
	RequestedAt      string        `json:"requestedAt"`
	// Suspended: the agent that asked was suspended since (S63).
	Suspended bool `json:"suspended"`
}

// CardRule is a gate rule that contributed.
type CardRule struct {
	ID      string  `json:"id"`
	Code    *string `json:"code"`
	Outcome string  `json:"outcome"`
	Text    string  `json:"text"`
}

// CardSeverity is the three severities that gate.
type CardSeverity struct {
	Current  string `json:"current"`
	Highest  string `json:"highest"`
	AtIngest string `json:"atIngest"`
}

// CardNeed is who must approve.
type CardNeed struct {
	Count int      `json:"count"`
	Roles []string `json:"roles"`
	Fresh bool     `json:"fresh"`
}

// CardApproval is a decision that stands.
type CardApproval struct {
	PersonID string `json:"personId"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	Decision string `json:"decision"` // approved, denied
	Comment  string `json:"comment"`
	At       string `json:"at"`
}

// CardSecond is where the second of two people stands.
type CardSecond struct {
	Given   int      `json:"given"`
	Missing []string `json:"missing"`
}

// CardYou is what the reader may do.
type CardYou struct {
	MayApprove bool    `json:"mayApprove"`
	Why        *string `json:"why"` // the code, where not
}

// CardEarlier is an earlier action on one of the targets.
type CardEarlier struct {
	GamebookID string `json:"gamebookId"`
	PlaybookID string `json:"playbookId"`
	At         string `json:"at"`
	Status     string `json:"status"`
	By         string `json:"by"`
}

// CardAgent is the requester's own words: inert text, last.
type CardAgent struct {
	Inert     bool   `json:"inert"`
	Title     string `json:"title"`
	Comment   string `json:"comment"`
	Rationale string `json:"rationale"`
	Truncated bool   `json:"truncated"`
}

// CardTime writes a time as the card does.
func CardTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// CardTimeOrNull is nil for the zero time.
func CardTimeOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := CardTime(t)
	return &s
}

// Seal returns the card with its view hash: SHA-256 over the RFC 8785 form of
// the card without that hash, without the sealed view made of it and without
// what is about the reader alone.
func (c Card) Seal() (Card, error) {
	bare := c
	bare.You, bare.ViewSHA256, bare.View = nil, "", ""
	record, err := json.Marshal(bare)
	if err != nil {
		return c, err
	}
	canonical, err := CanonicalRecord(json.RawMessage(record))
	if err != nil {
		return c, err
	}
	c.ViewSHA256 = HashView(canonical)
	return c, nil
}

// HashView is the view hash of a card's canonical bytes.
func HashView(canonical []byte) string {
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

// ApprovalRow is one line of the approval queue.
type ApprovalRow struct {
	GamebookID   string       `json:"gamebookId"`
	Digest       string       `json:"digest"`
	State        string       `json:"state"`
	Sentence     string       `json:"sentence"`
	Incident     CardIncident `json:"incident"`
	Class        string       `json:"class"`
	Impact       string       `json:"impact"`
	Steps        int          `json:"steps"`
	Targets      []string     `json:"targets"`
	Need         CardNeed     `json:"need"`
	Given        int          `json:"given"`
	QueueReasons []string     `json:"queueReasons"`
	Flags        []string     `json:"flags"`
	RequestedBy  string       `json:"requestedBy"`
	// RequesterSuspended is the banner over what a suspended agent asked (S63).
	RequesterSuspended bool    `json:"requesterSuspended"`
	RequestedAt        string  `json:"requestedAt"`
	ApprovalExpiresAt  string  `json:"approvalExpiresAt"`
	ExecutionExpires   *string `json:"executionExpiresAt"`
	NoticesSent        []int   `json:"noticesSent"`
	// BatchGroup names those that one confirmation may cover (S21).
	BatchGroup *string `json:"batchGroup"`
	You        CardYou `json:"you"`
}

// CardIncident names the incident.
type CardIncident struct {
	ShortID  string `json:"shortId"`
	Number   int64  `json:"number"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
}

// ApprovalState is the approval queue's word for a gamebook.
func ApprovalState(g Gamebook) string {
	switch g.Status {
	case GamebookQueued:
		if g.NeedsApproval {
			return "pending"
		}
		return "approved"
	case GamebookRunning:
		return "executing"
	case GamebookRejected:
		return "denied"
	case GamebookExpired:
		return "expired"
	case GamebookCancelled:
		return "cancelled"
	}
	return "finished"
}

// CardApprovals draws the decisions that stand.
func CardApprovals(approvals []Approval) []CardApproval {
	out := []CardApproval{}
	for _, a := range approvals {
		if a.Void {
			continue
		}
		word := "approved"
		if !a.Approved {
			word = "denied"
		}
		out = append(out, CardApproval{
			PersonID: a.Person, Name: EscapeVisible(a.Name), Role: string(a.Role), Decision: word, Comment: EscapeVisible(a.Comment), At: CardTime(a.At),
		})
	}
	return out
}
