package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// maxBackupLabel is the longest label, in bytes (ops-api.md section 13).
const maxBackupLabel = 64

// StartBackup asks for a copy of the database in the folder that the host named.
// It takes an admin of the only organization there is, in person, or a key of role
// admin that may tighten: a copy holds everybody's rows, so that on a server of
// several organizations only the host makes one. One copy at a time.
func (d *Desk) StartBackup(ctx context.Context, by soc.Actor, label string) (b soc.BackupTask, err error) {
	const event = "backup_started"
	if err = mayBackUp(by); err == nil {
		err = d.mayWrite()
	}
	if err == nil && label != "" && (len(label) > maxBackupLabel || soc.EscapeVisible(label) != label) {
		err = soc.InvalidField("label", "Must be at most %d bytes of visible text.", maxBackupLabel)
	}
	if err == nil {
		err = d.write(ctx, func(tx *store.Tx) error {
			b, err = d.beginBackup(tx, by, event, label)
			return err
		})
	}
	if err != nil {
		return soc.BackupTask{}, d.refused(ctx, by, event, err, nil)
	}
	return b, nil
}

func (d *Desk) beginBackup(tx *store.Tx, by soc.Actor, event, label string) (b soc.BackupTask, err error) {
	if err := onlyOrganization(&tx.Reader); err != nil {
		return b, err
	}
	if d.backupFolder == "" {
		return b, soc.Errorf(soc.Conflict, soc.CodeInvalidState, "This server was given no folder for copies.").
			WithFix("Whoever runs the server starts it with --backup-dir, or copies with `vedette backup create`; a PostgreSQL database is copied by its own tools.")
	}
	running, found, err := tx.RunningBackup()
	if err != nil {
		return b, err
	}
	if found {
		return b, soc.Errorf(soc.Conflict, soc.CodeConflict, "A copy is being made.").WithFix("Read /backups/%s until it is done.", running.ID)
	}
	id, err := d.newUUID()
	if err != nil {
		return b, err
	}
	b = soc.BackupTask{
		ID: id, Organization: by.Organization, ByKind: by.Kind, By: by.ID, ByName: by.Name, Label: label, State: soc.TaskRunning, CreatedAt: d.clock(),
	}
	b.Made.Path = filepath.Join(d.backupFolder, "vedette-"+b.CreatedAt.Format("20060102T150405Z")+"-"+b.ID+".db")
	e := d.entry(by, event)
	e.Target, e.Detail = b.ID, auditDetail("label", label)
	tx.Audit(e)
	if err := tx.InsertBackup(b); err != nil {
		return b, err
	}
	if err := tx.Enqueue(soc.BackupJob{Backup: b.ID}, d.clock()); err != nil {
		return b, err
	}
	return b, d.settleIdempotency(tx, by, b)
}

// mayBackUp lets in an admin of the organization in person, and a key of role
// admin that may tighten.
func mayBackUp(by soc.Actor) error {
	if !by.Session && (by.Kind == soc.PrincipalService || by.Kind == soc.PrincipalPerson) {
		if err := by.MayScope(soc.ScopeOpsTighten); err != nil {
			return err
		}
		return mayTightenIn(by, nil)
	}
	return mayAdminister(by, by.Organization)
}

// onlyOrganization refuses where the server has several organizations.
func onlyOrganization(r *store.Reader) error {
	all, err := r.Organizations()
	if err == nil && len(all) > 1 {
		err = soc.Errorf(soc.Denied, soc.CodeForbidden, "A copy would hold several organizations.").WithFix("Whoever runs the server copies it with `vedette backup create`.")
	}
	return err
}

// mayLookAtBackups is mayBackUp for who only looks.
func (d *Desk) mayLookAtBackups(ctx context.Context, by soc.Actor) error {
	err := mayBackUp(by)
	if err == nil {
		err = onlyOrganization(d.store.Read(ctx))
	}
	if err != nil {
		return d.refused(ctx, by, "backups_listed", err, nil)
	}
	return nil
}

// ListBackups lists the copies that were asked for over the network, newest first.
func (d *Desk) ListBackups(ctx context.Context, by soc.Actor, after *soc.Keyset, limit int) (found []soc.BackupTask, next *soc.Keyset, err error) {
	if err := d.mayLookAtBackups(ctx, by); err != nil {
		return nil, nil, err
	}
	var before int64
	var id string
	if after != nil {
		before, id = keysetMicros(*after), after.ID
	}
	limit = min(max(limit, 1), 200)
	found, err = d.store.Read(ctx).Backups(by.Organization, before, id, limit+1)
	if len(found) > limit {
		found = found[:limit]
		last := found[limit-1]
		next = &soc.Keyset{Value: keysetTime(last.CreatedAt), ID: last.ID}
	}
	return found, next, err
}

// GetBackup returns one copy.
func (d *Desk) GetBackup(ctx context.Context, by soc.Actor, id string) (b soc.BackupTask, err error) {
	if err := d.mayLookAtBackups(ctx, by); err != nil {
		return b, err
	}
	b, found, err := d.store.Read(ctx).Backup(by.Organization, id)
	if err == nil && !found {
		err = soc.NotFoundf("There is no such copy.").WithFix("List the copies and take an id from there.")
	}
	return b, err
}

// RunBackup makes one copy and checks it. What goes wrong ends the task: whoever
// wants the copy asks again. A file that an earlier run of the job left whole is
// checked and kept.
func (d *Desk) RunBackup(ctx context.Context, job soc.BackupJob) error {
	b, found, err := d.store.Read(ctx).Backup("", job.Backup)
	if err != nil || !found || b.State != soc.TaskRunning {
		return err
	}
	b.State = soc.TaskDone
	made, err := d.copyDatabase(ctx, b.Made.Path)
	switch {
	case err != nil:
		b.State, b.Problem = soc.TaskFailed, "the copy could not be made; the server's log says why"
		d.log.ErrorContext(ctx, "a copy of the database could not be made", "backup", b.ID, "error", err)
	case len(made.Problems) > 0:
		b.State, b.Problem, b.Made = soc.TaskFailed, fmt.Sprintf("the copy is not whole: %s", made.Problems[0]), made
	default:
		b.Made = made
	}
	b.FinishedAt = d.clock()
	return d.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		first, err := tx.FinishBackup(b)
		if err != nil || !first {
			return err
		}
		event := "backup_made"
		if b.State == soc.TaskFailed {
			event = "backup_failed"
		}
		e, err := d.backupEntry(workerActor(""), event, b.Made)
		tx.Audit(e)
		return err
	})
}

// copyDatabase makes a copy, unless the file stands there already, and checks it.
func (d *Desk) copyDatabase(ctx context.Context, path string) (soc.Backup, error) {
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		if err := d.store.Backup(ctx, path); err != nil {
			return soc.Backup{}, err
		}
	}
	return store.CheckBackup(ctx, path)
}
