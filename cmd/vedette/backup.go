package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

type backupCommand struct {
	Create  createBackupCommand  `cmd:"" help:"Copy the database to a new file; the server may run meanwhile."`
	Verify  verifyBackupCommand  `cmd:"" help:"Read a copy whole: pages, references, schema and the audit's hash chain."`
	Restore restoreBackupCommand `cmd:"" help:"Put a copy in the place of --db; the server must be stopped."`
}

// errBroken ends the program with 1 after the problems were printed.
var errBroken = errors.New("the copy is not whole")

type createBackupCommand struct {
	File string `arg:"" help:"New file; keep it with a copy of the secret key file, without which sealed secrets cannot be read."`
}

func (c *createBackupCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "backup create")
	if err != nil {
		return err
	}
	defer l.close()
	fmt.Fprintln(e.err, "copying and checking; this reads the whole database twice")
	made, err := l.desk.BackUp(ctx, l.host, c.File)
	if err != nil {
		return err
	}
	return e.printBackup(made)
}

type verifyBackupCommand struct {
	File string `arg:"" help:"A copy made by vedette backup create."`
}

func (c *verifyBackupCommand) Run(ctx context.Context, e *environment) error {
	found, err := store.CheckBackup(ctx, c.File)
	if err != nil {
		return err
	}
	return e.printBackup(found)
}

type restoreBackupCommand struct {
	File string `arg:"" help:"A copy made by vedette backup create."`
}

func (c *restoreBackupCommand) Run(ctx context.Context, e *environment) (err error) {
	where := database(e.program.DB)
	if where.postgres() {
		return store.ErrBackupElsewhere
	}
	found, err := store.CheckBackup(ctx, c.File)
	if err != nil {
		return err
	}
	if len(found.Problems) > 0 {
		return e.printBackup(found)
	}
	unlock, err := lockFile(where.file() + ".lock")
	if errors.Is(err, errLocked) {
		return fmt.Errorf("`vedette serve` runs on %s; stop it first", where.file())
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	// Approved work may have been done after the copy was made. Nothing may act
	// until a person has compared; only that person removes the marker (S33).
	marker := where.file() + ".kill"
	if err := os.WriteFile(marker, []byte("database restored from "+c.File+"\n"), 0o600); err != nil {
		return err
	}
	kept, err := store.RestoreFile(c.File, where.file(), time.Now())
	if err != nil {
		return err
	}
	l, err := e.openLocal(ctx, "backup restore")
	if err != nil {
		return err
	}
	defer l.close()
	if err := l.desk.RestoredFrom(ctx, l.host, found); err != nil {
		return err
	}
	return e.print(map[string]any{"restored": c.File, "kept": kept, "kill_file": marker, "position": found.Position}, [][]string{
		{"restored", c.File, "audit position " + strconv.FormatInt(found.Position, 10)},
		{"kept", kept, "what stood there before"},
		{"STOPPED", marker, "nothing acts until you have looked at waiting gamebooks and removed this file"},
	})
}

func (e *environment) printBackup(b soc.Backup) error {
	rows := [][]string{
		{"file", b.Path},
		{"bytes", strconv.FormatInt(b.Bytes, 10)},
		{"sha256", b.SHA256},
		{"schema", strconv.FormatInt(b.Schema, 10)},
		{"audit", fmt.Sprintf("%d=%s", b.Position, b.Hash)},
	}
	for _, problem := range b.Problems {
		rows = append(rows, []string{"PROBLEM", problem})
	}
	if len(b.Problems) == 0 {
		rows = append(rows, []string{"whole"})
	}
	err := e.print(map[string]any{
		"file": b.Path, "bytes": b.Bytes, "sha256": b.SHA256, "schema": b.Schema, "ok": len(b.Problems) == 0,
		"audit": map[string]any{"position": b.Position, "hash": b.Hash}, "problems": append([]string{}, b.Problems...),
	}, rows)
	if err == nil && len(b.Problems) > 0 {
		err = errBroken
	}
	return err
}
