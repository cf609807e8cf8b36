package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/store/pgtest"
)

// smallDisk mounts a file system of a few megabytes, where the tests may.
func smallDisk(t *testing.T, flags uintptr) string {
	t.Helper()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", flags, "size=6m"); err != nil {
		pgtest.Lacking(t, fmt.Errorf("mounting a small disk needs root: %w", err))
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// TestARealFullDiskLosesNothingAcknowledged fills a real file system: a filler
// takes the room, so that the log cannot grow in the middle of a group or at
// its commit. What was acknowledged is there after the process starts again.
func TestARealFullDiskLosesNothingAcknowledged(t *testing.T) {
	folder := smallDisk(t, 0)
	s, err := Open(context.Background(), filepath.Join(folder, "vedette.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	kept := map[string]bool{}
	refused := 0
	add := func(id string) {
		err := s.Write(context.Background(), func(tx *Tx) error {
			tx.Audit(hostAudit("test"))
			return tx.InsertOrganization(soc.Organization{ID: id, Name: strings.Repeat("x", 30_000), CreatedAt: fixtureTime})
		})
		switch {
		case err == nil:
			kept[id] = true
		case soc.KindOf(err) == soc.Unavailable:
			refused++
		default:
			t.Errorf("%s: %v", id, err)
		}
	}
	add("before")
	filler := filepath.Join(folder, "filler")
	_ = os.WriteFile(filler, make([]byte, 64<<20), 0o600) // stops when the disk is full
	for n := range 20 {
		add(fmt.Sprint("full ", n))
	}
	if refused == 0 {
		t.Fatal("the disk never filled")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	add("after")
	if !kept["after"] {
		t.Error("with room again, writes are still refused")
	}
	again := reopen(t, s)
	got := stored(t, again)
	if len(got) != len(kept) {
		t.Errorf("%d stored, %d acknowledged", len(got), len(kept))
	}
	for id := range kept {
		if !got[id] {
			t.Errorf("%s was acknowledged and is lost", id)
		}
	}
	if v, err := again.VerifyAudit(context.Background(), 1); err != nil || !v.OK || v.Rows != int64(len(kept)) {
		t.Errorf("%+v (%v)", v, err)
	}
}

// TestAReadOnlyDiskIsRefusedInWords: at the start, and while the server runs.
func TestAReadOnlyDiskIsRefusedInWords(t *testing.T) {
	folder := smallDisk(t, 0)
	path := filepath.Join(folder, "vedette.db")
	s, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, organization("x"))
	_ = s.Close()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		pgtest.Lacking(t, err)
	}
	s, err = Open(context.Background(), path, Options{})
	if err == nil {
		_ = s.Close()
		t.Fatal("it was opened")
	}
	if !strings.Contains(err.Error(), "cannot be written") || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
}
