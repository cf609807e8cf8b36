//go:build unix

package pgcluster

import (
	"os/exec"
	"syscall"
)

// detach gives the process its own session and, where needed, another user.
// Without the session a Ctrl-C in the terminal would reach the keeper and leave
// the data folder behind.
func (a account) detach(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if a.other {
		command.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
}
