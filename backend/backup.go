package backend

import (
	"context"
	"encoding/json"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// BackUp copies the database to a new file on this machine and checks the copy
// (ops-api.md section 13); only the host may, since a copy holds every workspace.
func (d *Desk) BackUp(ctx context.Context, by soc.Actor, path string) (soc.Backup, error) {
	if err := onlyHost(by); err != nil {
		return soc.Backup{}, err
	}
	if err := d.recordBackup(ctx, by, "backup_started", soc.Backup{Path: path}); err != nil {
		return soc.Backup{}, err
	}
	if err := d.store.Backup(ctx, path); err != nil {
		return soc.Backup{}, err
	}
	made, err := store.CheckBackup(ctx, path)
	if err != nil {
		return made, err
	}
	return made, d.recordBackup(ctx, by, "backup_made", made)
}

// RestoredFrom is called once on a database that a copy was put in the place
// of: the record names the copy, and every session and run token ends.
func (d *Desk) RestoredFrom(ctx context.Context, by soc.Actor, from soc.Backup) error {
	if err := onlyHost(by); err != nil {
		return err
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		e, err := d.backupEntry(by, "backup_restored", from)
		if err != nil {
			return err
		}
		tx.Audit(e)
		return tx.EndEverySession(d.clock())
	})
}

func (d *Desk) recordBackup(ctx context.Context, by soc.Actor, event string, b soc.Backup) error {
	e, err := d.backupEntry(by, event, b)
	if err != nil {
		return err
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		tx.Audit(e)
		return nil
	})
}

func (d *Desk) backupEntry(by soc.Actor, event string, b soc.Backup) (soc.AuditEntry, error) {
	detail, err := json.Marshal(map[string]any{"bytes": b.Bytes, "sha256": b.SHA256, "schema": b.Schema, "position": b.Position, "hash": b.Hash})
	e := d.entry(by, event)
	e.Target, e.Detail = b.Path, string(detail)
	return e, err
}

func onlyHost(by soc.Actor) error {
	if by.Kind != soc.PrincipalHost {
		return soc.Errorf(soc.Denied, soc.CodeForbidden, "Only the machine's own command line may do this.")
	}
	return nil
}
