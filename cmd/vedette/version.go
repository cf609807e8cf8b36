package main

import (
	"runtime"
	"runtime/debug"
)

// version is set by the linker in released builds.
var version = ""

// versionText is the release, else the commit this was built from.
func versionText() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+changes"
		}
	}
	if revision == "" {
		return "development"
	}
	return revision + dirty
}

type versionCommand struct{}

func (versionCommand) Run(e *environment) error {
	return e.print(map[string]string{"version": versionText(), "go": runtime.Version()}, [][]string{{"vedette " + versionText()}})
}
