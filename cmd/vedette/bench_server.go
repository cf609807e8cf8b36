package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// Targets of the server's own figures: seconds to the first answer on the
// largest database, and MB of memory with the demonstration and nobody calling.
const (
	startTarget  = 1.0
	memoryTarget = 80
	// idleFor is how long a server is left alone before its memory counts.
	idleFor = 10 * time.Second
	// starts is how often the start is timed; the median counts.
	starts = 5
)

// measureStart times the start of a server on the largest database.
func (b *bench) measureStart(ctx context.Context) error {
	d, err := b.database(ctx, slices.Max(b.command.Sizes))
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp(b.folder, "start-")
	if err != nil {
		return err
	}
	var times []time.Duration
	for range starts {
		server, err := startChild(ctx, folder, d.where, "--secret-key-file", b.keyFile())
		if err != nil {
			return err
		}
		times = append(times, server.ready)
		if err := server.stop(); err != nil {
			return err
		}
	}
	b.add("start", figure{Name: "to the first answer on the largest database", Unit: "s", Value: median(times)}.atMost(startTarget))
	return nil
}

// measureMemory lets a demonstration come to rest.
func (b *bench) measureMemory(ctx context.Context) error {
	server, _, err := b.demoServer(ctx, "memory")
	if err != nil {
		return err
	}
	defer func() { _ = server.kill() }()
	select {
	case <-time.After(min(idleFor, 2*b.command.Duration)):
	case <-ctx.Done():
		return ctx.Err()
	}
	resident, err := server.residentMB()
	if err != nil {
		return err
	}
	b.add("memory", figure{Name: "resident, idle with the demonstration", Unit: "MB", Value: resident}.atMost(memoryTarget))
	return server.stop()
}

// demoServer starts a demonstration on a database of its own.
func (b *bench) demoServer(ctx context.Context, name string) (*child, demoFile, error) {
	folder, err := os.MkdirTemp(b.folder, name+"-")
	if err != nil {
		return nil, demoFile{}, err
	}
	where := filepath.Join(folder, "vedette.db")
	if b.cluster != nil {
		if where, err = b.cluster.CreateDatabase(ctx); err != nil {
			return nil, demoFile{}, err
		}
	}
	server, err := startChild(ctx, folder, where, "--demo")
	if err != nil {
		return nil, demoFile{}, err
	}
	credentials, err := server.demo(where)
	if err != nil {
		return nil, demoFile{}, errors.Join(err, server.kill())
	}
	return server, credentials, nil
}

// groupedCommit is the time that one audited write takes through the writer, in
// seconds: the durability that a recorded read pays for.
func (b *bench) groupedCommit(ctx context.Context, rounds int) (float64, error) {
	where, err := b.freshDatabase(ctx, "commit.db")
	if err != nil {
		return 0, err
	}
	s, err := store.Open(ctx, where, store.Options{})
	if err != nil {
		return 0, err
	}
	var times []time.Duration
	for range rounds {
		began := time.Now()
		err := s.Write(ctx, func(tx *store.Tx) error {
			tx.Audit(soc.AuditEntry{At: began, Event: "bench", ActorKind: soc.PrincipalHost, Actor: "bench", Decision: "allowed"})
			return nil
		})
		if err != nil {
			return 0, errors.Join(err, s.Close())
		}
		times = append(times, time.Since(began))
	}
	return median(times), s.Close()
}

// seedHeavy is a second database of a size, whose newest 50 incidents have
// 1,000 rows of evidence each.
func (b *bench) seedHeavy(ctx context.Context, size int) (*seeded, error) {
	where, err := b.freshDatabase(ctx, "heavy.db")
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, where, store.Options{})
	if err != nil {
		return nil, err
	}
	d := &seeded{where: where, size: size, store: s}
	if err := b.fill(ctx, d); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	for n := range 50 {
		err := s.Write(ctx, func(tx *store.Tx) error {
			i, _, err := tx.IncidentByNumber(benchWorkspace, int64(size-n))
			if err != nil {
				return err
			}
			before := i
			if err := seedEvidence(tx, i, "", nil, i.EvidenceCount+1, 1000); err != nil {
				return err
			}
			i.EvidenceCount = 1000
			_, err = tx.UpdateIncident(before, i)
			return err
		})
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return d, d.settle(ctx)
}
