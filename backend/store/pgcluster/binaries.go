package pgcluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
)

// ErrNotInstalled says that no PostgreSQL server was found. Callers compare
// with errors.Is and decide whether that is a skip or a failure.
var ErrNotInstalled = errors.New(
	"PostgreSQL is not installed: no initdb and postgres on PATH or in /usr/lib/postgresql/*/bin")

// Find returns the folder that holds both initdb and postgres: the one on PATH,
// else the newest of Debian's versioned folders. Debian keeps server binaries
// off PATH on purpose, so both places are ordinary.
func Find() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(initdb); err == nil && holdsServer(filepath.Dir(real)) {
			return filepath.Dir(real), nil
		}
	}
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.SortFunc(folders, func(a, b string) int { return majorVersion(b) - majorVersion(a) })
	for _, folder := range folders {
		if holdsServer(folder) {
			return folder, nil
		}
	}
	return "", ErrNotInstalled
}

// majorVersion reads 15 out of /usr/lib/postgresql/15/bin; an odd name sorts last.
func majorVersion(folder string) int {
	version, err := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
	if err != nil {
		return 0
	}
	return version
}

func holdsServer(folder string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

// account is the user a server runs as. The zero value means "as ourselves".
type account struct {
	uid, gid int
	other    bool
}

// serverAccount chooses the user of the server. PostgreSQL refuses to run as
// root, so root hands the server to the account that Debian's package made, or
// to nobody.
func serverAccount() (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(found.Uid)
		gid, gidErr := strconv.Atoi(found.Gid)
		if uidErr == nil && gidErr == nil {
			return account{uid: uid, gid: gid, other: true}, nil
		}
	}
	return account{}, fmt.Errorf("PostgreSQL refuses to run as root and this machine has neither a postgres nor a nobody account")
}
