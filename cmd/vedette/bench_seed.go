package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// benchWorkspace is the workspace of every seeded database.
const benchWorkspace = "0197b3ac-0000-7000-8000-000000000001"

const (
	// seedGroup is how many incidents one transaction stores.
	seedGroup = 2000
	// seedDetailed is how many of the newest incidents get alerts, entities
	// and evidence, so that reading one reads what a real one has.
	seedDetailed = 200
	// seedName says in the database that it is whole, and of which making.
	seedName, seedVersion = "bench_seed", "5"
)

// Words of the seeded titles, each in a fixed share of all incidents.
var (
	seedVerbs   = []string{"Suspicious", "Unusual", "Repeated", "Blocked", "Anomalous", "Unexpected", "Malicious", "Rare"}
	seedNouns   = []string{"PowerShell", "sign-in", "mail forwarding rule", "process injection", "DNS tunnelling", "password spray", "USB device", "service creation", "token replay", "macro document"}
	seedSources = []string{"Sentinel", "DefenderXDR", "wazuh", "suricata", "edge_sensor"}
	seedTypes   = []string{"execution", "credential_access", "exfiltration", "phishing", "malware", "reconnaissance"}
)

// seed opens a database with n incidents, made now unless keep holds it from an
// earlier run. close ends it.
func (b *bench) seed(ctx context.Context, n int) (*seeded, error) {
	where, err := b.databaseFor(ctx, n)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, where, store.Options{})
	if err != nil {
		return nil, err
	}
	d := &seeded{where: where, size: n, store: s}
	made, found, err := s.Read(ctx).Installation(seedName)
	if err == nil && !(found && made == seedVersion+":"+strconv.Itoa(n)) {
		err = b.fill(ctx, d)
	}
	return d, errors.Join(err, closeOn(err, s))
}

// seeded is a database full of incidents.
type seeded struct {
	where string
	size  int
	store *store.Store
}

func closeOn(err error, s *store.Store) error {
	if err == nil {
		return nil
	}
	return s.Close()
}

// databaseFor names the database of a size. Only files are kept between runs:
// the PostgreSQL of a run is thrown away with it.
func (b *bench) databaseFor(ctx context.Context, n int) (string, error) {
	if b.cluster != nil {
		return b.cluster.CreateDatabase(ctx)
	}
	path := filepath.Join(b.folder, fmt.Sprintf("incidents-%d.db", n))
	if b.command.Keep == "" {
		return path, nil
	}
	path = filepath.Join(b.command.Keep, fmt.Sprintf("incidents-%d.db", n))
	whole, err := b.whole(ctx, path, n)
	if err != nil || whole {
		return path, err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return path, nil
}

// whole reports whether a kept file was filled to the end by this version.
func (b *bench) whole(ctx context.Context, path string, n int) (bool, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	s, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		return false, fmt.Errorf("%s, kept by an earlier run: %w; remove it", path, err)
	}
	defer func() { _ = s.Close() }()
	made, found, err := s.Read(ctx).Installation(seedName)
	return found && made == seedVersion+":"+strconv.Itoa(n), err
}

// fill writes the incidents of a database in large groups.
func (b *bench) fill(ctx context.Context, d *seeded) error {
	began := time.Now().UTC().Truncate(time.Second)
	err := d.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.InsertOrganization(soc.Organization{ID: "bench", Name: "Benchmark", CreatedAt: began}); err != nil {
			return err
		}
		return tx.InsertWorkspace(soc.Workspace{ID: benchWorkspace, Organization: "bench", Name: "Benchmark", CreatedAt: began})
	})
	if err != nil {
		return err
	}
	progress := b.progress("seeding %d incidents", d.size)
	dice := mathrand.New(mathrand.NewPCG(1, uint64(d.size)))
	for from := 0; from < d.size; from += seedGroup {
		to := min(from+seedGroup, d.size)
		err := d.fillGroup(ctx, dice, began, from, to)
		for tries := 1; tries < 5 && store.Duplicate(err); tries++ { // a short id that is taken, as the desk draws again
			err = d.fillGroup(ctx, dice, began, from, to)
		}
		if err != nil {
			return err
		}
		progress(to, d.size)
	}
	if err := d.store.Write(ctx, func(tx *store.Tx) error {
		return tx.SetInstallation(seedName, seedVersion+":"+strconv.Itoa(d.size))
	}); err != nil {
		return err
	}
	return d.settle(ctx)
}

// fillGroup writes the incidents from one number up to another.
func (d *seeded) fillGroup(ctx context.Context, dice *mathrand.Rand, began time.Time, from, to int) error {
	incidents := make([]soc.Incident, 0, to-from)
	for k := from; k < to; k++ {
		i, err := seedIncident(dice, began, k, d.size)
		if err != nil {
			return err
		}
		incidents = append(incidents, i)
	}
	return d.store.Write(ctx, func(tx *store.Tx) error {
		number, err := tx.NextIncidentNumber(benchWorkspace, len(incidents))
		if err != nil {
			return err
		}
		for n := range incidents {
			incidents[n].Number = number + int64(n)
		}
		if err := tx.InsertIncidents(incidents); err != nil {
			return err
		}
		for n, i := range incidents {
			if err := seedAround(tx, i, from+n, from+n >= d.size-seedDetailed); err != nil {
				return err
			}
		}
		return nil
	})
}

// keyFile seals what servers on the filled databases keep: beside those that
// are kept, since a database knows its key again.
func (b *bench) keyFile() string {
	if b.command.Keep != "" && b.cluster == nil {
		return filepath.Join(b.command.Keep, "bench.key")
	}
	return filepath.Join(b.folder, "bench.key")
}

// seedIncident is incident k of n, the last one being the newest.
func seedIncident(dice *mathrand.Rand, newest time.Time, k, n int) (soc.Incident, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return soc.Incident{}, err
	}
	short, err := soc.NewID(soc.PrefixIncident, rand.Reader)
	if err != nil {
		return soc.Incident{}, err
	}
	severity := soc.AllSeverities[min(dice.IntN(8), dice.IntN(8))%len(soc.AllSeverities)]
	status := []soc.Status{soc.StatusNew, soc.StatusActive, soc.StatusClosed, soc.StatusClosed}[dice.IntN(4)]
	created := newest.Add(-time.Duration(n-k) * 7 * time.Second)
	host := fmt.Sprintf("ws%04d", dice.IntN(100))
	i := soc.Incident{
		ID: id.String(), ShortID: short, Workspace: benchWorkspace, Source: seedSources[dice.IntN(len(seedSources))],
		ExternalID: fmt.Sprintf("bench-%07d", k), Type: seedTypes[dice.IntN(len(seedTypes))],
		Title:       seedVerbs[dice.IntN(len(seedVerbs))] + " " + seedNouns[dice.IntN(len(seedNouns))] + " on " + host,
		Description: "The detector saw activity that the host " + host + " has not shown before. The account, the parent process and the destination are listed as entities.",
		Severity:    severity, IngestSeverity: severity, HighestSeverity: severity, Status: status,
		Tactics: []string{"Execution"}, Products: []string{"Edge Sensor"}, RuleIDs: []string{fmt.Sprintf("EDGE-%04d", dice.IntN(500))},
		CreatedAt: created, UpdatedAt: created, FirstActivity: created, LastActivity: created, IngestedAt: created, Version: 1, EvidenceVersion: 1,
	}
	if status == soc.StatusClosed {
		i.Verdict, i.VerdictBy = soc.VerdictFalsePositive, soc.PrincipalPerson
	}
	i.AlertCount, i.EntityCount = 1, 1
	if k >= n-seedDetailed {
		i.EntityCount, i.EvidenceCount = 4, 6
	}
	return i, nil
}

// seedEvidence writes rows from number first to number last.
func seedEvidence(tx *store.Tx, i soc.Incident, alert string, entities []string, first, last int) error {
	for n := first; n <= last; n++ {
		err := tx.InsertEvidence(soc.Evidence{
			Workspace: i.Workspace, Incident: i.ID, Number: n, Alert: alert, Source: i.Source, Type: "process", Entities: entities,
			Text:   "powershell.exe started " + strconv.Itoa(n),
			Fields: []soc.Field{{Name: "command_line", Value: "powershell.exe -EncodedCommand VwByAGkAdABlAA==", Provenance: soc.ProvenanceParsed}, {Name: "process_id", Value: strconv.Itoa(3000 + n), Provenance: soc.ProvenanceSensorAsserted}},
			At:     i.CreatedAt.Add(time.Duration(n) * time.Second), Provenance: soc.ProvenanceSensorAsserted,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
