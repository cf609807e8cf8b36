package backend

import (
	"context"
	"errors"
	"sync"
	"time"

	"vedette/backend/store"
)

// storeCheck remembers the last look at the store, so that whoever asks often
// costs nothing.
type storeCheck struct {
	mu sync.Mutex
	at time.Time
	// err is what the last look found.
	err error
}

const (
	// storeCheckLife is how long a look holds (case-api.md section 9).
	storeCheckLife = 5 * time.Second
	// storeCheckWait is how long it may take.
	storeCheckWait = 1500 * time.Millisecond
)

// errUndo takes back the write of a look at the store.
var errUndo = errors.New("looked, and undone")

// CheckStore reports whether the store reads and writes: one read and one
// write that is undone, at most once in five seconds.
func (d *Desk) CheckStore(ctx context.Context) error {
	d.health.mu.Lock()
	defer d.health.mu.Unlock()
	if now := d.now(); d.health.at.IsZero() || now.Sub(d.health.at) >= storeCheckLife {
		// Whoever asked may hang up; the others wait for the same answer.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeCheckWait)
		defer cancel()
		d.health.at, d.health.err = now, d.lookAtStore(ctx)
	}
	return d.health.err
}

func (d *Desk) lookAtStore(ctx context.Context) error {
	if _, _, err := d.store.Read(ctx).Installation("health"); err != nil {
		return err
	}
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.SetInstallation("health", "written"); err != nil {
			return err
		}
		return errUndo
	})
	if errors.Is(err, errUndo) {
		return nil
	}
	return err
}
