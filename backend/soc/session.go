package soc

import "time"

// Clocks of a session (S48) and of the delay after wrong passwords (S49).
const (
	SessionIdle     = 60 * time.Minute
	SessionLife     = 12 * time.Hour
	FreshFor        = 5 * time.Minute
	freeLoginErrors = 4
	maxLoginDelay   = 15 * time.Minute
)

// Live reports whether the session is neither idle for too long nor too old.
func (s Session) Live(now time.Time) bool {
	return now.Before(s.ExpiresAt) && now.Before(s.IdleExpiresAt())
}

// IdleExpiresAt is when the session ends unless it is used.
func (s Session) IdleExpiresAt() time.Time { return s.LastSeenAt.Add(SessionIdle) }

// LoginDelay is how long an account takes no attempt after so many wrong
// passwords in a row: nothing after the first four, then 1 s, doubling up to a
// quarter of an hour. Attempts within the delay do not lengthen it, so that a
// stranger cannot keep a person out for longer.
func LoginDelay(failures int) time.Duration {
	if failures <= freeLoginErrors {
		return 0
	}
	if doublings := failures - freeLoginErrors - 1; doublings < 10 {
		return time.Second << doublings
	}
	return maxLoginDelay
}

// StartedSession is a session with its token, which is told once.
type StartedSession struct {
	Session Session
	Person  Person
	Token   string
}

// Login is what a person presents.
type Login struct {
	Email, Password string
}

// NewPerson asks for a person. Grants are roles per workspace id.
type NewPerson struct {
	Organization      string
	Email, Name       string
	Password          string
	OrganizationAdmin bool
	Grants            map[string]Role
}

// Whoami is what a caller may know of itself. Person and Session are nil for
// a key.
type Whoami struct {
	Actor   Actor
	Person  *Person
	Session *Session
}
