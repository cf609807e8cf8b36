//go:build !unix

package main

import (
	"errors"
	"io/fs"
	"os"
)

// errLocked says that another process holds the lock.
var errLocked = errors.New("locked by another process")

// lockFile makes a file that only one process can make. Where a process was
// killed, the file has to be removed by hand.
func lockFile(path string) (unlock func() error, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, errLocked
	}
	if err != nil {
		return nil, err
	}
	return func() error { return errors.Join(file.Close(), os.Remove(path)) }, nil
}
