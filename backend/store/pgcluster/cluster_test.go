package pgcluster_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vedette/backend/store/pgcluster"
	"vedette/backend/store/pgtest"
)

// ownerVariable turns this test binary into a process that starts a cluster,
// prints its URL and waits to be killed.
const ownerVariable = "VEDETTE_PGCLUSTER_OWNER"

func TestMain(m *testing.M) {
	if os.Getenv(ownerVariable) == "" {
		os.Exit(m.Run())
	}
	cluster, err := pgcluster.Start(context.Background(), pgcluster.Options{})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(cluster.URL("postgres"))
	select {}
}

// requireServer skips on a laptop without PostgreSQL and fails in CI.
func requireServer(t *testing.T) {
	t.Helper()
	_, err := pgcluster.Find()
	if err == nil {
		return
	}
	if errors.Is(err, pgcluster.ErrNotInstalled) {
		pgtest.Lacking(t, err)
	}
	t.Fatal(err)
}

func folderOf(t *testing.T, database string) string {
	t.Helper()
	address, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	folder := address.Query().Get("host")
	if folder == "" {
		t.Fatalf("%q names no socket folder", database)
	}
	return folder
}

func setting(t *testing.T, database, name string) string {
	t.Helper()
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, database)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(ctx)
	var value string
	if err := connection.QueryRow(ctx, `SELECT current_setting($1)`, name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestDurableClusterSyncsAndLeavesNothingBehind(t *testing.T) {
	requireServer(t)
	for _, durable := range []bool{true, false} {
		cluster, err := pgcluster.Start(context.Background(), pgcluster.Options{Durable: durable})
		if err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{true: "on", false: "off"}[durable]
		for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
			if got := setting(t, cluster.URL("postgres"), name); got != want {
				t.Errorf("durable %v: %s = %s, want %s", durable, name, got, want)
			}
		}
		if got := setting(t, cluster.URL("postgres"), "listen_addresses"); got != "" {
			t.Errorf("the cluster listens on %q; it must have its socket only", got)
		}
		folder := folderOf(t, cluster.URL("postgres"))
		if err := cluster.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if err := cluster.Stop(); err != nil {
			t.Errorf("second stop: %v", err)
		}
		if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there after Stop (%v)", folder, err)
		}
	}
}

func TestClusterEndsWithAKilledOwner(t *testing.T) {
	requireServer(t)
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), ownerVariable+"=1")
	output, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	database := strings.TrimSpace(line)
	folder := folderOf(t, database)
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // reports the kill

	// The keeper removes the folder only after it has waited for the server, so
	// the folder's end is the server's end. Nothing here can be told of it.
	deadline := time.Now().Add(60 * time.Second)
	for {
		if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there a minute after its owner was killed", folder)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestAnOverlongFolderIsRefusedInWords(t *testing.T) {
	requireServer(t)
	_, err := pgcluster.Start(context.Background(), pgcluster.Options{Parent: longFolder(t)})
	if err == nil || !strings.Contains(err.Error(), "too long for a Unix socket") {
		t.Fatalf("got %v, want a refusal that names the length", err)
	}
}

func longFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir() + "/" + strings.Repeat("x", 100)
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}
