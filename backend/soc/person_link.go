package soc

import (
	"io"
	"time"
)

// LinkPurpose is what a link for a person is for.
type LinkPurpose string

// The purposes: to choose the first password, or a new one.
const (
	LinkInvite LinkPurpose = "invite"
	LinkReset  LinkPurpose = "reset"
)

// AllLinkPurposes lists the purposes.
var AllLinkPurposes = []LinkPurpose{LinkInvite, LinkReset}

// How long links work.
const (
	InviteLife = 72 * time.Hour
	ResetLife  = 24 * time.Hour
)

// linkWord is in the tokens of links.
const linkWord = "link"

// NewLinkToken draws the token of a link for a person.
func NewLinkToken(random io.Reader) (string, error) { return newSecret(linkWord, random) }

// CheckLinkToken reports whether text has the form of such a token.
func CheckLinkToken(text string) bool {
	word, ok := checkSecret(text)
	return ok && word == linkWord
}

// PersonLink lets one person choose a password, once. Whoever has the token is
// that person to the server, so only its hash is kept.
type PersonLink struct {
	ID      string
	Person  string
	Purpose LinkPurpose
	// Hash is nil until Collector, who asked for it, collected the token.
	Hash      []byte
	Collector string
	CreatedAt time.Time
	ExpiresAt time.Time
	// EndedAt is when it was used, or replaced by another.
	EndedAt time.Time
}

// Live reports whether a link may still be collected or followed.
func (l PersonLink) Live(now time.Time) bool { return l.EndedAt.IsZero() && now.Before(l.ExpiresAt) }

// PersonInvite asks for a person who chooses a password by a link.
type PersonInvite struct {
	Email, Name string
	Grants      map[string]Role
	Reason      string
}

// IssuedLink is a link with its token, which is told once.
type IssuedLink struct {
	Person    Person
	Token     string
	ExpiresAt time.Time
	// Change is what the roles above viewer wait as, nil for none.
	Change *PolicyChange
}

// LinkFor is what whoever holds a link is told before following it.
type LinkFor struct {
	Email, Name string
	Purpose     LinkPurpose
	ExpiresAt   time.Time
}
