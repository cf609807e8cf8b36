//go:build linux || darwin

package main

import (
	"path/filepath"
	"syscall"
)

// freeDisk is the share of the disk under the database that is free for it. A
// PostgreSQL server looks after its own disk.
func (d database) freeDisk() (share float64, known bool) {
	var s syscall.Statfs_t
	if d.postgres() || syscall.Statfs(filepath.Dir(d.file()), &s) != nil || s.Blocks == 0 {
		return 0, false
	}
	return float64(s.Bavail) / float64(s.Blocks), true
}
