package pgcluster

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// superuser is the only role of a cluster; its socket lies in a folder of
	// mode 0700, so trust authentication admits nobody else.
	superuser = "vedette"

	// startTimeout bounds initdb and the wait for the first connection. Two
	// seconds are usual; a loaded machine with fsync on has needed twenty.
	startTimeout = 90 * time.Second

	// socketPathLimit is sizeof(sun_path) - 1 on the smallest supported system.
	socketPathLimit = 103
)

// keeper is the shell that owns the server process. Its standard input is a
// pipe that the starting process holds open: when that process ends, whatever
// ended it, the read returns, the server is stopped and its folder removed.
// A parent-death signal would cover Linux only and would leave the folder.
const keeper = `
"$1/postgres" -D "$2/data" -k "$2" $3 </dev/null >"$2/log" 2>&1 &
server=$!
read -r _
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$2"
`

// Options say what kind of cluster is wanted. The zero value is a fast,
// non-durable one in the system's temporary folder.
type Options struct {
	// Parent is the existing folder to make the cluster's folder in. Empty
	// means /tmp, because a Unix socket's path must stay under 104 bytes and
	// TMPDIR is often longer. Where the server runs as another user, that user
	// must be able to enter it.
	Parent string

	// Durable turns fsync, synchronous_commit and full_page_writes on. Figures
	// and crash tests need it; behavioural tests do not and are several times
	// faster without.
	Durable bool
}

// Cluster is a running server. Its methods may be called from several goroutines.
type Cluster struct {
	folder  string
	process *exec.Cmd
	lifting io.Closer // closing it tells the keeper to stop the server

	stop sync.Once
	err  error
}

// Start makes a new cluster and returns when it accepts connections. The error
// is ErrNotInstalled when there is no PostgreSQL; any other error carries the
// end of the server's own log. The cluster never outlives this process.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	binaries, err := Find()
	if err != nil {
		return nil, err
	}
	runAs, err := serverAccount()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	folder, err := makeFolder(options.Parent, runAs)
	if err != nil {
		return nil, err
	}
	if err := initialise(ctx, binaries, folder, runAs); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	cluster, err := launch(binaries, folder, runAs, options)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	if err := cluster.await(ctx); err != nil {
		log := cluster.logTail()
		return nil, errors.Join(fmt.Errorf("PostgreSQL did not start: %w\n%s", err, log), cluster.Stop())
	}
	return cluster, nil
}

func makeFolder(parent string, runAs account) (string, error) {
	if parent == "" {
		parent = "/tmp"
	}
	folder, err := os.MkdirTemp(parent, "vedette-pg-")
	if err != nil {
		return "", err
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return "", err
	}
	if socket := filepath.Join(folder, ".s.PGSQL.5432"); len(socket) > socketPathLimit {
		return "", errors.Join(
			fmt.Errorf("%s is too long for a Unix socket (%d bytes, at most %d): choose a shorter folder",
				socket, len(socket), socketPathLimit), os.Remove(folder))
	}
	if runAs.other {
		if err := os.Chown(folder, runAs.uid, runAs.gid); err != nil {
			return "", errors.Join(err, os.Remove(folder))
		}
	}
	return folder, nil
}

// initialise runs initdb. The C locale orders text by bytes, as SQLite's
// BINARY collation does, so one expectation fits both engines.
func initialise(ctx context.Context, binaries, folder string, runAs account) error {
	command := exec.CommandContext(ctx, filepath.Join(binaries, "initdb"),
		"--pgdata", filepath.Join(folder, "data"), "--username", superuser,
		"--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync")
	command.Dir = folder
	runAs.detach(command)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, output)
	}
	return nil
}

func launch(binaries, folder string, runAs account, options Options) (*Cluster, error) {
	settings := "-c listen_addresses= -c max_connections=200"
	if !options.Durable {
		settings += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
	}
	process := exec.Command("/bin/sh", "-c", keeper, "keeper", binaries, folder, settings)
	process.Dir = folder
	runAs.detach(process)
	lifting, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	return &Cluster{folder: folder, process: process, lifting: lifting}, nil
}

// await connects until the server answers. PostgreSQL tells nobody when it is
// ready, so this polls.
func (c *Cluster) await(ctx context.Context) error {
	poll := time.NewTicker(25 * time.Millisecond)
	defer poll.Stop()
	for {
		connection, err := pgx.Connect(ctx, c.URL("postgres"))
		if err == nil {
			return connection.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-poll.C:
		}
	}
}

// URL is the address of one database of the cluster, in the form that
// `vedette --db` and pgx take.
func (c *Cluster) URL(database string) string {
	address := url.URL{
		Scheme: "postgres", User: url.User(superuser), Path: "/" + database,
		RawQuery: url.Values{"host": {c.folder}, "sslmode": {"disable"}}.Encode(),
	}
	return address.String()
}

// CreateDatabase makes a fresh, empty database and returns its URL.
func (c *Cluster) CreateDatabase(ctx context.Context) (string, error) {
	return CreateDatabase(ctx, c.URL("postgres"))
}

// CopyDatabase makes a fresh database with everything that source, a URL of this
// cluster that nobody is connected to, holds. It returns the copy's URL.
func (c *Cluster) CopyDatabase(ctx context.Context, source string) (string, error) {
	address, err := url.Parse(source)
	if err != nil {
		return "", fmt.Errorf("database URL: %w", errors.Unwrap(err))
	}
	return createDatabase(ctx, c.URL("postgres"), " TEMPLATE "+pgx.Identifier{filepath.Base(address.Path)}.Sanitize())
}

// DropDatabase removes a database of this cluster.
func (c *Cluster) DropDatabase(ctx context.Context, database string) error {
	return DropDatabase(ctx, c.URL("postgres"), database)
}

// Stop ends the server at once, removes its folder and returns when both are
// gone. Further calls return the first result.
func (c *Cluster) Stop() error {
	c.stop.Do(func() {
		c.err = errors.Join(c.lifting.Close(), c.process.Wait())
	})
	return c.err
}

func (c *Cluster) logTail() string {
	const tail = 2000
	text, err := os.ReadFile(filepath.Join(c.folder, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-tail):])
}

// CreateDatabase makes a fresh database of a random name on the server that
// admin, a URL whose role may create databases, points at. It returns the
// database's URL.
func CreateDatabase(ctx context.Context, admin string) (string, error) {
	return createDatabase(ctx, admin, "")
}

func createDatabase(ctx context.Context, admin, options string) (string, error) {
	address, err := url.Parse(admin)
	if err != nil {
		return "", fmt.Errorf("database URL: %w", errors.Unwrap(err))
	}
	var suffix [6]byte
	rand.Read(suffix[:])
	name := "vedette_" + hex.EncodeToString(suffix[:])
	if err := execute(ctx, admin, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+options); err != nil {
		return "", err
	}
	address.Path = "/" + name
	return address.String(), nil
}

// DropDatabase removes the database that database, a URL from CreateDatabase,
// names, ending the connections that are still open on it.
func DropDatabase(ctx context.Context, admin, database string) error {
	address, err := url.Parse(database)
	if err != nil {
		return fmt.Errorf("database URL: %w", errors.Unwrap(err))
	}
	name := filepath.Base(address.Path)
	return execute(ctx, admin, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
}

func execute(ctx context.Context, admin, statement string) error {
	connection, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	_, err = connection.Exec(ctx, statement)
	return errors.Join(err, connection.Close(ctx))
}
