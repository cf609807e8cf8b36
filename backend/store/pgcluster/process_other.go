//go:build !unix

package pgcluster

import "os/exec"

// detach does nothing where there are no Unix users and sessions; Start fails
// there for want of a shell, with that as its error.
func (a account) detach(*exec.Cmd) {}
