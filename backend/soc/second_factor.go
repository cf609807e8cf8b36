package soc

import (
	"io"
	"slices"
	"strings"
	"time"
)

// SessionState is how far a sign-in has come.
type SessionState string

// The states of a session. Only an active one may do anything but finish
// signing in, or end.
const (
	SessionActive SessionState = "active"
	// SessionSecondFactor waits for the code of an enrolled second factor.
	SessionSecondFactor SessionState = "second_factor"
	// SessionEnrolment belongs to a person whose role must have a second factor
	// and who has none yet.
	SessionEnrolment SessionState = "enrolment"
)

// AllSessionStates lists the states.
var AllSessionStates = []SessionState{SessionActive, SessionSecondFactor, SessionEnrolment}

// MaxSessionCodes is how many wrong codes end a session.
const MaxSessionCodes = 5

// State is how far the session of a person has come. It follows from both, so
// that a role which must have a second factor from now on is held to it at the
// next request.
func (s Session) State(p Person) SessionState {
	switch {
	case p.SecondFactor && !s.SecondFactor:
		return SessionSecondFactor
	case !p.SecondFactor && p.MustEnrol():
		return SessionEnrolment
	}
	return SessionActive
}

// MustEnrol reports whether a role of the person must have a second factor. An
// admin of the organization counts as admin.
func (p Person) MustEnrol() bool {
	if p.OrganizationAdmin && slices.Contains(p.SecondFactorRoles, RoleAdmin) {
		return true
	}
	for _, role := range p.Grants {
		if slices.Contains(p.SecondFactorRoles, role) {
			return true
		}
	}
	return false
}

// SecondFactor is what is kept of a person's TOTP (RFC 6238): sealed secrets.
type SecondFactor struct {
	Sealed, Pending []byte
	// Step is the last time step a code of which was used: each is good once.
	Step int64
	// RetryAt is when the next code is looked at, after wrong ones.
	RetryAt time.Time
}

// TOTPEnrolment is what a person's authenticator is told, once.
type TOTPEnrolment struct {
	// Secret in Base32, and URI with the same for a QR code.
	Secret, URI string
}

// SignInProof is what a person shows to prove again who they are. Code is that of the
// second factor or a recovery code, where one is enrolled.
type SignInProof struct {
	Password, Code string
}

// RecoveryCodes is how many codes a person gets who enrols.
const RecoveryCodes = 10

// recoveryDigits of five bits each are 125 bits: more than the 112 from which a
// fast hash keeps a lookup secret (ASVS 6.5.2).
const (
	recoveryDigits   = 25
	recoveryAlphabet = "abcdefghijkmnpqrstuvwxyz23456789" // without l, o, 0 and 1
)

// NewRecoveryCode draws a recovery code, in groups that can be typed.
func NewRecoveryCode(random io.Reader) (string, error) {
	draw := make([]byte, recoveryDigits)
	if _, err := io.ReadFull(random, draw); err != nil {
		return "", err
	}
	var code strings.Builder
	for i, b := range draw {
		if i > 0 && i%5 == 0 {
			code.WriteByte('-')
		}
		code.WriteByte(recoveryAlphabet[b%32])
	}
	return code.String(), nil
}

// PlainCode is a code as typed without what people put between its digits.
func PlainCode(typed string) string {
	return strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(typed))
}

// IsRecoveryCode reports whether a plain code has the form of a recovery code.
func IsRecoveryCode(plain string) bool {
	return len(plain) == recoveryDigits && strings.Trim(plain, recoveryAlphabet) == ""
}
