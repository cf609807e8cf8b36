package backend

import (
	"context"
	"errors"

	"github.com/alexedwards/argon2id"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// passwordCost is what a password costs to try: 19 MiB and two passes (OWASP
// Password Storage Cheat Sheet; ASVS 11.4.2).
var passwordCost = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// noPassword is compared against where there is no account, so that it costs
// what an account costs. It is the hash of 256 random bits that nobody has.
const noPassword = "$argon2id$v=19$m=19456,t=2,p=1$9JMHU9yYeULKUxUMa6A1fQ$kw9X0OhpEt5pstElaZ8s/PiVd/l3R7GNDKpmd0icgN4"

// hashPassword makes the stored form.
func (d *Desk) hashPassword(ctx context.Context, password string) (string, error) {
	if err := d.enterHashing(ctx); err != nil {
		return "", err
	}
	defer d.leaveHashing()
	return argon2id.CreateHash(password, &passwordCost)
}

func (d *Desk) passwordMatches(ctx context.Context, password, hash string) (bool, error) {
	if err := d.enterHashing(ctx); err != nil {
		return false, err
	}
	defer d.leaveHashing()
	return argon2id.ComparePasswordAndHash(password, hash)
}

// enterHashing waits for a place.
func (d *Desk) enterHashing(ctx context.Context) error {
	select {
	case d.identity.hashing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "Too many people sign in at once.").
			WithFix("Try again in a few seconds.").WithCause(ctx.Err())
	}
}

func (d *Desk) leaveHashing() { <-d.identity.hashing }

// errLogin is the one answer to a failed sign-in: wrong, unknown, disabled and
// delayed read alike and cost alike (S49).
func errLogin() *soc.Error {
	return soc.Errorf(soc.Unauthenticated, soc.CodeUnauthorized, "The address or the password is wrong, or it is too early to try again.").
		WithFix("Check both and wait a while before trying again.")
}

// Login starts a session for a person (S48, S49).
func (d *Desk) Login(ctx context.Context, in soc.Login, from soc.Caller) (soc.StartedSession, error) {
	by := soc.Actor{Call: from.Call}
	person, found, err := d.personFor(ctx, in.Email)
	if err != nil {
		return soc.StartedSession{}, err
	}
	ok, err := d.tryPassword(ctx, person, found, in.Password)
	if err != nil {
		return soc.StartedSession{}, err
	}
	var started soc.StartedSession
	if ok {
		if started, err = d.newSession(person, from); err != nil {
			return soc.StartedSession{}, err
		}
		by.Kind, by.ID, by.Name, by.Organization = soc.PrincipalPerson, person.ID, person.Name, person.Organization
	}
	err = d.settleLogin(ctx, by, "session_started", person, found, ok, func(tx *store.Tx) error {
		e := d.entry(by, "session_started")
		e.Target = started.Session.ID
		tx.Audit(e)
		return tx.InsertSession(started.Session)
	})
	if err != nil {
		return soc.StartedSession{}, err
	}
	return started, nil
}

// personFor finds the person of an address as typed.
func (d *Desk) personFor(ctx context.Context, address string) (soc.Person, bool, error) {
	email, ok := soc.NormalEmail(address)
	person, found, err := d.store.Read(ctx).PersonByEmail(email)
	return person, found && ok, err
}

// tryPassword compares a password, with equal work for no account.
func (d *Desk) tryPassword(ctx context.Context, person soc.Person, found bool, password string) (bool, error) {
	hash := noPassword
	if found {
		hash = person.PasswordHash
	}
	match, err := d.passwordMatches(ctx, password, hash)
	return match && found && !person.Disabled && !d.clock().Before(person.RetryAt), err
}

// settleLogin writes the outcome of an attempt: success, which then goes on, or
// a wrong password, which may delay the next. A guess during a delay counts for
// nothing, however right it was.
func (d *Desk) settleLogin(ctx context.Context, by soc.Actor, event string, person soc.Person, found, ok bool, success func(*store.Tx) error) error {
	now := d.clock()
	if ok {
		err := d.store.Write(ctx, func(tx *store.Tx) error {
			inTime, err := tx.ClearLoginDelay(person.ID, now)
			if err != nil {
				return err
			}
			if !inTime {
				return errLogin()
			}
			return success(tx)
		})
		if soc.KindOf(err) != soc.Unauthenticated {
			return err
		}
	}
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		e := d.entry(by, event+"_refused")
		e.Decision, e.Code, e.Target = "refused", soc.CodeUnauthorized, person.ID
		tx.Audit(e)
		if !found || ok || now.Before(person.RetryAt) {
			return nil
		}
		failures, err := tx.CountLoginFailure(person.ID)
		if err != nil {
			return err
		}
		return tx.SetLoginDelay(person.ID, now.Add(soc.LoginDelay(failures)))
	})
	if err != nil {
		return err
	}
	return errLogin()
}

func (d *Desk) newSession(person soc.Person, from soc.Caller) (soc.StartedSession, error) {
	id, err := d.newUUID()
	if err != nil {
		return soc.StartedSession{}, err
	}
	token, err := soc.NewSessionToken(d.random)
	if err != nil {
		return soc.StartedSession{}, err
	}
	now := d.clock()
	return soc.StartedSession{Person: person, Token: token, Session: soc.Session{
		ID: id, Person: person.ID, TokenHash: soc.HashSecret(token), AuthenticatedAt: now, CreatedAt: now, LastSeenAt: now,
		ExpiresAt: now.Add(soc.SessionLife), Address: from.Address, Client: cutText(soc.EscapeVisible(from.Client), 200),
	}}, nil
}

// cutText keeps at most limit bytes, whole runes.
func cutText(text string, limit int) string {
	for i := range text {
		if i > limit {
			return text[:i]
		}
	}
	return text
}

// maySession refuses whatever is no person's live session (S4), a half-made one
// included.
func maySession(by soc.Actor) error {
	if err := mayAnySession(by); err != nil {
		return err
	}
	if by.Unfinished != "" {
		return errUnfinished(by.Unfinished)
	}
	return nil
}

// mayAnySession refuses whatever is no person's session; a half-made one passes.
func mayAnySession(by soc.Actor) error {
	if by.Kind == "" {
		return errNoCredential()
	}
	if by.Kind != soc.PrincipalPerson || !by.Session {
		e := soc.Errorf(soc.Denied, soc.CodeHumanSessionRequired, "Only a person with a live session may do this.").
			WithFix("A person has to sign in and do it.")
		e.Target = "session"
		return e
	}
	return nil
}

// mayFresh refuses a session whose person last proved who they are too long ago.
func (d *Desk) mayFresh(by soc.Actor) error {
	if err := maySession(by); err != nil {
		return err
	}
	if !by.Fresh(d.clock()) {
		e := soc.Errorf(soc.Denied, soc.CodeHumanSessionRequired, "The sign-in is too long ago for this.").
			WithFix("Prove again who you are, then repeat this within five minutes.")
		e.Target = "session.reauth"
		return e
	}
	return nil
}

// Reauthenticate renews the session of a person who proves again who they are,
// with the second factor where one is enrolled; the old token is dead. A wrong
// proof leaves the session as it was.
func (d *Desk) Reauthenticate(ctx context.Context, by soc.Actor, proof soc.SignInProof) (soc.StartedSession, error) {
	const event = "session_reauthenticated"
	if err := maySession(by); err != nil {
		return soc.StartedSession{}, err
	}
	person, session, ok, err := d.proveSession(ctx, by, proof.Password)
	if err != nil {
		return soc.StartedSession{}, err
	}
	if ok && person.SecondFactor {
		if err := d.spendCode(ctx, by, event, proof.Code); err != nil {
			return soc.StartedSession{}, err
		}
	}
	var renewed soc.StartedSession
	session.AuthenticatedAt, session.SecondFactor = d.clock(), person.SecondFactor
	err = d.settleLogin(ctx, by, event, person, true, ok, func(tx *store.Tx) (err error) {
		if renewed, err = d.renewSession(tx, person, session); err != nil {
			return err
		}
		e := d.entry(by, event)
		e.Target = session.ID
		tx.Audit(e)
		return nil
	})
	return renewed, err
}

// renewSession stores what a session has proved and gives it a new token; the
// old one is dead.
func (d *Desk) renewSession(tx *store.Tx, person soc.Person, session soc.Session) (soc.StartedSession, error) {
	token, err := soc.NewSessionToken(d.random)
	if err != nil {
		return soc.StartedSession{}, err
	}
	session.TokenHash, session.LastSeenAt = soc.HashSecret(token), d.clock()
	kept, err := tx.RenewSession(session)
	if err == nil && !kept {
		err = errNoSession()
	}
	if err != nil {
		return soc.StartedSession{}, err
	}
	return soc.StartedSession{Session: session, Person: person, Token: token}, nil
}

// proveSession loads a session with its person and tries the password.
func (d *Desk) proveSession(ctx context.Context, by soc.Actor, password string) (soc.Person, soc.Session, bool, error) {
	reader := d.store.Read(ctx)
	session, found, err := reader.Session(by.Credential)
	if err != nil || !found {
		return soc.Person{}, session, false, errors.Join(err, missing(found, errNoSession()))
	}
	person, found, err := reader.Person(by.ID)
	if err != nil || !found {
		return person, session, false, errors.Join(err, missing(found, errNoCredential()))
	}
	ok, err := d.tryPassword(ctx, person, true, password)
	return person, session, ok, err
}

// missing is err unless the thing was found.
func missing(found bool, err *soc.Error) error {
	if found {
		return nil
	}
	return err
}

// ChangePassword gives the person behind a fresh session a new password and
// ends all their other sessions.
func (d *Desk) ChangePassword(ctx context.Context, by soc.Actor, current, next string) error {
	if err := d.mayFresh(by); err != nil {
		return err
	}
	person, _, ok, err := d.proveSession(ctx, by, current)
	if err != nil {
		return err
	}
	if err := soc.CheckPassword("new", next, person.Email); err != nil {
		return err
	}
	hash, err := d.hashPassword(ctx, next)
	if err != nil {
		return err
	}
	return d.settleLogin(ctx, by, "password_changed", person, true, ok, func(tx *store.Tx) error {
		e := d.entry(by, "password_changed")
		e.Target = person.ID
		tx.Audit(e)
		if err := tx.SetPassword(person.ID, hash); err != nil {
			return err
		}
		return tx.EndSessions(person.ID, by.Credential)
	})
}

// Logout ends the session that is used.
func (d *Desk) Logout(ctx context.Context, by soc.Actor) error {
	if err := mayAnySession(by); err != nil {
		return err
	}
	return d.endSession(ctx, by, by.Credential)
}

// EndSession ends one of the person's own sessions.
func (d *Desk) EndSession(ctx context.Context, by soc.Actor, id string) error {
	if err := maySession(by); err != nil {
		return err
	}
	return d.endSession(ctx, by, id)
}

func (d *Desk) endSession(ctx context.Context, by soc.Actor, id string) error {
	return d.store.Write(ctx, func(tx *store.Tx) error {
		ended, err := tx.EndSession(by.ID, id)
		if err != nil {
			return err
		}
		if !ended {
			return soc.NotFoundf("There is no such session.")
		}
		e := d.entry(by, "session_ended")
		e.Target = id
		tx.Audit(e)
		return nil
	})
}

// ListSessions lists the person's own live sessions, newest first.
func (d *Desk) ListSessions(ctx context.Context, by soc.Actor) ([]soc.Session, error) {
	if err := maySession(by); err != nil {
		return nil, err
	}
	found, err := d.store.Read(ctx).SessionsOf(by.ID)
	live := make([]soc.Session, 0, len(found))
	for _, s := range found {
		s.LastSeenAt = d.identity.sessionSeen(s.ID, s.LastSeenAt)
		if s.Live(d.clock()) {
			live = append(live, s)
		}
	}
	return live, err
}

// GetWhoami tells callers who they are and what they may do.
func (d *Desk) GetWhoami(ctx context.Context, by soc.Actor) (soc.Whoami, error) {
	if by.Kind == "" {
		return soc.Whoami{}, errNoCredential()
	}
	me := soc.Whoami{Actor: by}
	if !by.Session {
		return me, nil
	}
	reader := d.store.Read(ctx)
	person, found, err := reader.Person(by.ID)
	if err != nil || !found {
		return me, errors.Join(err, missing(found, errNoCredential()))
	}
	session, found, err := reader.Session(by.Credential)
	if err != nil || !found {
		return me, errors.Join(err, missing(found, errNoSession()))
	}
	session.LastSeenAt = d.identity.sessionSeen(session.ID, session.LastSeenAt)
	me.Person, me.Session = &person, &session
	return me, nil
}
