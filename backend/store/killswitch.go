package store

import (
	"vedette/backend/soc"
)

const killColumns = `SELECT scope, id, engaged, via, by_kind, by_id, organization_id, reason, at, release_by, release_role, release_at FROM kill_switch`

func scanKill(r row) (soc.KillSwitch, error) {
	var k soc.KillSwitch
	var at, release int64
	err := r.Scan(&k.Scope, &k.ID, &k.Engaged, &k.Via, &k.ByKind, &k.By, &k.Organization, &k.Reason, &at, &k.ReleaseBy, &k.ReleaseRole, &release)
	k.At, k.ReleaseAt = fromMicros(at), fromMicros(release)
	return k, err
}

// KillSwitch finds a switch by scope and id; an organization's global switch
// has the organization as its id, the whole server's has none.
func (r *Reader) KillSwitch(scope, id string) (soc.KillSwitch, bool, error) {
	return one(r, scanKill, killColumns+` WHERE scope = $1 AND id = $2`, scope, id)
}

// KillSwitches lists the engaged switches that concern an organization: its
// own and the whole server's. An empty organization lists all.
func (r *Reader) KillSwitches(organization string) ([]soc.KillSwitch, error) {
	return all(r, scanKill, killColumns+` WHERE engaged = TRUE AND ($1 = '' OR organization_id = $1 OR organization_id = '') ORDER BY scope, id`, organization)
}

// SaveKillSwitch stores a switch.
func (tx *Tx) SaveKillSwitch(k soc.KillSwitch) error {
	return tx.insert(`INSERT INTO kill_switch (scope, id, engaged, via, by_kind, by_id, organization_id, reason, at, release_by, release_role, release_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (scope, id) DO UPDATE SET engaged = excluded.engaged, via = excluded.via, by_kind = excluded.by_kind, by_id = excluded.by_id,
organization_id = excluded.organization_id, reason = excluded.reason, at = excluded.at, release_by = excluded.release_by,
release_role = excluded.release_role, release_at = excluded.release_at`,
		k.Scope, k.ID, k.Engaged, k.Via, string(k.ByKind), k.By, k.Organization, k.Reason, micros(k.At), k.ReleaseBy, string(k.ReleaseRole), micros(k.ReleaseAt))
}

// GamebooksToHalt lists the gamebooks that a switch stops: approved or granted
// ones that wait for the worker, and running ones. Those that wait for people
// keep waiting; nothing of them can be approved meanwhile.
func (r *Reader) GamebooksToHalt(k soc.KillSwitch) ([]soc.Gamebook, error) {
	where := ` WHERE status IN ('Queued', 'Running') AND needs_approval = FALSE`
	switch k.Scope {
	case soc.KillAgent:
		return all(r, scanGamebook, gamebookColumns+where+` AND requested_by = $1 AND workspace_id IN (SELECT id FROM workspace WHERE organization_id = $2) ORDER BY id`, k.ID, k.Organization)
	case soc.KillWorkspace:
		return all(r, scanGamebook, gamebookColumns+where+` AND workspace_id = $1 ORDER BY id`, k.ID)
	}
	return all(r, scanGamebook, gamebookColumns+where+` AND ($1 = '' OR workspace_id IN (SELECT id FROM workspace WHERE organization_id = $1)) ORDER BY id`, k.ID)
}

// HaltedSince lists the ids of gamebooks that a switch halted.
func (r *Reader) HaltedSince(k soc.KillSwitch, limit int) ([]string, error) {
	where := `SELECT id FROM gamebook WHERE status = 'Halted' AND finished_at >= $2`
	switch k.Scope {
	case soc.KillAgent:
		return all(r, scanString, where+` AND requested_by = $1 ORDER BY id LIMIT $3`, k.ID, micros(k.At), limit)
	case soc.KillWorkspace:
		return all(r, scanString, where+` AND workspace_id = $1 ORDER BY id LIMIT $3`, k.ID, micros(k.At), limit)
	}
	return all(r, scanString, where+` AND ($1 = '' OR workspace_id IN (SELECT id FROM workspace WHERE organization_id = $1)) ORDER BY id LIMIT $3`, k.ID, micros(k.At), limit)
}
