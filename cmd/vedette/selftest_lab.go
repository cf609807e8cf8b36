package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"vedette/backend/store/bare"
	"vedette/backend/store/pgcluster"
)

// selftestHead begins every report.
type selftestHead struct {
	Engine  string `json:"engine"`
	Version string `json:"version"`
	Started string `json:"started"`
}

func headOf(engine string) selftestHead {
	return selftestHead{engine, versionText(), time.Now().UTC().Format(time.RFC3339)}
}

// labRates let a self-test ask as fast as it can; rates have tests of their own.
const labRates = "read=60000;write=60000;agent-tools=60000;triage=60000;actions=60000;decide=60000"

// lab is a folder and a database of their own for a self-test.
type lab struct {
	environment   *environment
	folder, where string
	cluster       *pgcluster.Cluster
	demo          demoFile
}

// inLab makes a lab, runs a test in it, and takes it down. After a violation
// its files stay.
func inLab(ctx context.Context, e *environment, name, engine string, run func(*lab) error) (err error) {
	l := &lab{environment: e}
	if l.folder, err = os.MkdirTemp("", "vedette-"+name+"-"); err != nil {
		return err
	}
	l.where = filepath.Join(l.folder, "vedette.db")
	if engine == "postgres" {
		if l.cluster, err = pgcluster.Start(ctx, pgcluster.Options{Durable: true}); err != nil {
			return errors.Join(err, os.RemoveAll(l.folder))
		}
		defer func() { err = errors.Join(err, l.cluster.Stop()) }()
		if l.where, err = l.cluster.CreateDatabase(ctx); err != nil {
			return err
		}
	}
	err = run(l)
	if violation := new(violationError); errors.As(err, violation) {
		l.say("The files stay in %s.", l.folder)
		return err
	}
	return errors.Join(err, os.RemoveAll(l.folder))
}

func (l *lab) say(format string, args ...any) { fmt.Fprintf(l.environment.err, format+"\n", args...) }

// demonstrate fills the database with the demonstration and reads its keys.
func (l *lab) demonstrate(ctx context.Context) error {
	l.say("Making a demonstration ...")
	server, err := startChild(ctx, l.folder, l.where, "--demo")
	if err != nil {
		return err
	}
	l.demo, err = server.demo(l.where)
	return errors.Join(err, server.stop())
}

// standing is what incidents are, for a comparison.
func (l *lab) standing(ctx context.Context) (map[string]string, error) {
	raw, err := bare.Open(ctx, l.where)
	if err != nil {
		return nil, err
	}
	found, err := raw.Standing(ctx)
	return found, errors.Join(err, raw.Close())
}
