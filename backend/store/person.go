package store

import (
	"time"

	"vedette/backend/soc"
)

const personColumns = `SELECT id, organization_id, email, name, password_hash, organization_admin, disabled, failed_logins, retry_at, created_at, totp IS NOT NULL,
(SELECT o.second_factor_roles FROM organization o WHERE o.id = person.organization_id) FROM person`

func scanPerson(r row) (soc.Person, error) {
	var p soc.Person
	var retry, created int64
	var roles string
	err := r.Scan(&p.ID, &p.Organization, &p.Email, &p.Name, &p.PasswordHash, &p.OrganizationAdmin, &p.Disabled,
		&p.FailedLogins, &retry, &created, &p.SecondFactor, &roles)
	if err != nil {
		return p, err
	}
	p.RetryAt, p.CreatedAt = fromMicros(retry), fromMicros(created)
	return p, decode(roles, &p.SecondFactorRoles)
}

// Person finds a person of any organization, with grants.
func (r *Reader) Person(id string) (soc.Person, bool, error) {
	return r.person(personColumns+` WHERE id = $1`, id)
}

// PersonByEmail finds a person by normal address (soc.NormalEmail), which is
// unique in the installation, with grants.
func (r *Reader) PersonByEmail(email string) (soc.Person, bool, error) {
	return r.person(personColumns+` WHERE email = $1`, email)
}

func (r *Reader) person(text string, arg string) (soc.Person, bool, error) {
	p, found, err := one(r, scanPerson, text, arg)
	if err != nil || !found {
		return p, found, err
	}
	p.Grants, err = r.grantsOf(p.ID)
	return p, true, err
}

type grantRow struct {
	key  string
	role soc.Role
}

func scanGrant(r row) (grantRow, error) {
	var g grantRow
	err := r.Scan(&g.key, &g.role)
	return g, err
}

func grantMap(rows []grantRow, err error) (map[string]soc.Role, error) {
	grants := make(map[string]soc.Role, len(rows))
	for _, g := range rows {
		grants[g.key] = g.role
	}
	return grants, err
}

func (r *Reader) grantsOf(person string) (map[string]soc.Role, error) {
	return grantMap(all(r, scanGrant, `SELECT workspace_id, role FROM role_grant WHERE person_id = $1`, person))
}

// RolesIn is the role of every person who holds one in the workspace and is
// not disabled, by person id: who counts at this moment.
func (r *Reader) RolesIn(workspace string) (map[string]soc.Role, error) {
	return grantMap(all(r, scanGrant, `SELECT g.person_id, g.role FROM role_grant g JOIN person p ON p.id = g.person_id
WHERE g.workspace_id = $1 AND p.disabled = FALSE`, workspace))
}

// Members are those of the given people who may look into a workspace and are
// not disabled, by person id: with a role there, or admin of the organization
// that has it.
func (r *Reader) Members(workspace string, people []string) (map[string]soc.Person, error) {
	members := make(map[string]soc.Person, len(people))
	for _, id := range people {
		p, found, err := one(r, scanPerson, memberColumns+` AND p.id = $2`, workspace, id)
		if err != nil {
			return nil, err
		}
		if found {
			members[p.ID] = p
		}
	}
	return members, nil
}

// MemberByEmail is Members for one normal address (soc.NormalEmail).
func (r *Reader) MemberByEmail(workspace, email string) (soc.Person, bool, error) {
	return one(r, scanPerson, memberColumns+` AND p.email = $2`, workspace, email)
}

const memberColumns = `SELECT p.id, p.organization_id, p.email, p.name, '', p.organization_admin, p.disabled, 0, 0, p.created_at, p.totp IS NOT NULL, '[]'
FROM person p JOIN workspace w ON w.organization_id = p.organization_id WHERE w.id = $1 AND p.disabled = FALSE
AND (p.organization_admin = TRUE OR EXISTS (SELECT 1 FROM role_grant g WHERE g.person_id = p.id AND g.workspace_id = w.id))`

// People lists the people of an organization by address, with grants; an empty
// organization lists all and is for the host only.
func (r *Reader) People(organization string) ([]soc.Person, error) {
	people, err := all(r, scanPerson, personColumns+` WHERE $1 = '' OR organization_id = $1 ORDER BY email`, organization)
	for i := range people {
		if err == nil {
			people[i].Grants, err = r.grantsOf(people[i].ID)
		}
	}
	return people, err
}

// InsertPerson adds a person and its grants. An address that is taken is a
// Conflict.
func (tx *Tx) InsertPerson(p soc.Person) error {
	if _, taken, err := one(&tx.Reader, scanPerson, personColumns+` WHERE email = $1`, p.Email); err != nil || taken {
		if err != nil {
			return err
		}
		return soc.Errorf(soc.Conflict, soc.CodeConflict, "There is a person with this address already.").
			WithFix("Grant roles to that person, or use another address.")
	}
	err := tx.insert(`INSERT INTO person (id, organization_id, email, name, password_hash, organization_admin, disabled, failed_logins, retry_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, p.ID, p.Organization, p.Email, p.Name, p.PasswordHash, p.OrganizationAdmin,
		p.Disabled, p.FailedLogins, micros(p.RetryAt), micros(p.CreatedAt))
	for workspace, role := range p.Grants {
		if err == nil {
			err = tx.SetGrant(soc.WorkspaceGrant{Person: p.ID, Workspace: workspace, Role: role})
		}
	}
	return err
}

// SetGrant gives a person a role in a workspace, or takes it (RoleNone).
func (tx *Tx) SetGrant(g soc.WorkspaceGrant) error {
	if g.Role == soc.RoleNone {
		return tx.insert(`DELETE FROM role_grant WHERE person_id = $1 AND workspace_id = $2`, g.Person, g.Workspace)
	}
	return tx.insert(`INSERT INTO role_grant (person_id, workspace_id, role) VALUES ($1, $2, $3)
ON CONFLICT (person_id, workspace_id) DO UPDATE SET role = excluded.role`, g.Person, g.Workspace, string(g.Role))
}

// SetPassword stores a new hash and ends the delay after wrong passwords.
func (tx *Tx) SetPassword(person, hash string) error {
	return tx.insert(`UPDATE person SET password_hash = $2, failed_logins = 0, retry_at = 0 WHERE id = $1`, person, hash)
}

// SetDisabled shuts a person out, or lets it in again.
func (tx *Tx) SetDisabled(person string, disabled bool) error {
	return tx.insert(`UPDATE person SET disabled = $2, failed_logins = 0, retry_at = 0 WHERE id = $1`, person, disabled)
}

// CountLoginFailure adds a wrong password and returns how many there were in a
// row; the row is locked until the transaction ends.
func (tx *Tx) CountLoginFailure(person string) (int, error) {
	var failures int
	err := tx.q.queryRow(tx.ctx, `UPDATE person SET failed_logins = failed_logins + 1 WHERE id = $1 RETURNING failed_logins`, person).Scan(&failures)
	return failures, failure(err)
}

// SetLoginDelay says when the next attempt is looked at.
func (tx *Tx) SetLoginDelay(person string, retryAt time.Time) error {
	return tx.insert(`UPDATE person SET retry_at = $2 WHERE id = $1`, person, micros(retryAt))
}

// ClearLoginDelay forgets wrong passwords after a right one. It reports whether
// there was no delay at now: of many guesses at once, the right one must not
// win after the wrong ones called for a delay.
func (tx *Tx) ClearLoginDelay(person string, now time.Time) (bool, error) {
	n, err := tx.update(`UPDATE person SET failed_logins = 0, retry_at = 0 WHERE id = $1 AND disabled = FALSE AND retry_at <= $2`, person, micros(now))
	return n == 1, err
}

// HasIdentities reports whether anybody could sign in or hold a live key, in
// the whole installation.
func (r *Reader) HasIdentities(now time.Time) (bool, error) {
	var found bool
	err := r.q.queryRow(r.ctx, `SELECT EXISTS (SELECT 1 FROM person WHERE disabled = FALSE)
OR EXISTS (SELECT 1 FROM credential WHERE revoked_at = 0 AND (expires_at = 0 OR expires_at > $1))`, micros(now)).Scan(&found)
	return found, failure(err)
}

// SetOrganizationAdmin gives or takes the role Admin of the organization.
func (tx *Tx) SetOrganizationAdmin(person string, admin bool) error {
	return tx.insert(`UPDATE person SET organization_admin = $2 WHERE id = $1`, person, admin)
}
