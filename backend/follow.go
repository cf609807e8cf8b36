package backend

import (
	"context"

	"vedette/backend/soc"
)

// changePage is the most changes that one look takes in.
const changePage = 1000

// FollowRecord tells what happened after a position of the record, oldest first,
// and where the record ends. It is for what serves screens: entries stand in
// the order of commit and without gaps, on every replica the same, so whoever
// goes on from the last position misses nothing. It says nothing but names of
// events and ids, and the caller tells each viewer of their workspaces only.
// Where more than a thousand happened since, the oldest are left out.
func (d *Desk) FollowRecord(ctx context.Context, after int64) (changes []soc.Happening, head int64, err error) {
	r := d.store.Read(ctx)
	if head, _, err = r.AuditHead(); err != nil || after >= head {
		return nil, head, err
	}
	after = max(after, head-changePage)
	changes, err = r.HappeningsAfter(after, changePage)
	return changes, head, err
}

// SessionStands reports whether the session of a person is still live, without
// counting as a use of it: for streams, which nobody may be looking at.
func (d *Desk) SessionStands(ctx context.Context, by soc.Actor) (bool, error) {
	if maySession(by) != nil {
		return false, nil
	}
	r := d.store.Read(ctx)
	session, found, err := r.Session(by.Credential)
	if err != nil || !found {
		return false, err
	}
	session.LastSeenAt = d.identity.sessionSeen(session.ID, session.LastSeenAt)
	if !session.Live(d.clock()) {
		return false, nil
	}
	person, found, err := r.Person(by.ID)
	if err != nil || !found || person.Disabled || session.State(person) != soc.SessionActive {
		return false, err
	}
	_, granted := person.Grants[by.Workspace]
	return by.Workspace == "" || granted || person.OrganizationAdmin, nil
}
