package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// crashLoad is what a round does to a server until it dies, and what it was
// told before.
type crashLoad struct {
	seed        uint64
	credentials demoFile
	agent       *client
	ingest      *client
	people      []*client
	candidates  []submission

	mu sync.Mutex
	// told are writes that were acknowledged; doubt those without an answer, to
	// be sent again: a repetition must give one row.
	alerts         []string
	comments       []told
	investigations []told
	gamebooks      map[string]submission // by id
	approvals      map[approval]bool
	doubtAlerts    [][]string
	doubtComments  []told
	doubtVerdicts  []told
	doubtSubmits   []submission
	refused        map[string]int
}

// told is a text on an incident.
type told struct{ incident, text string }

// approval is a person's yes to a gamebook.
type approval struct {
	gamebook string
	person   int
}

// newCrashLoad signs in and asks what could be done.
func newCrashLoad(ctx context.Context, base string, credentials demoFile, seed uint64) (*crashLoad, error) {
	l := &crashLoad{seed: seed, credentials: credentials, gamebooks: map[string]submission{}, approvals: map[approval]bool{}, refused: map[string]int{}}
	l.agent, l.ingest = newClient(base, credentials.Keys.Agent), newClient(base, credentials.Keys.OpsAdmin)
	var err error
	if l.people, err = signInAll(ctx, base, credentials, "senior", "manager"); err != nil {
		return nil, err
	}
	l.candidates, err = l.agent.submissions(ctx, 12)
	return l, err
}

// retarget points every client at the server started again; sessions outlive
// the process.
func (l *crashLoad) retarget(base string) {
	for _, c := range append([]*client{l.agent, l.ingest}, l.people...) {
		c.close()
		c.base = base
	}
}

func (l *crashLoad) close() {
	for _, c := range append([]*client{l.agent, l.ingest}, l.people...) {
		c.close()
	}
}

// run writes until the context ends, which is when the server is killed.
func (l *crashLoad) run(ctx context.Context) {
	var running sync.WaitGroup
	for n, work := range []func(context.Context, *mathrand.Rand){l.sendAlerts, l.sendAlerts, l.comment, l.respond, l.approve, l.investigate} {
		running.Go(func() { work(ctx, mathrand.New(mathrand.NewPCG(l.seed, uint64(n)))) })
	}
	running.Wait()
}

// note counts a refusal and reports whether err is one: an answer that says no,
// and not the silence of a dead server.
func (l *crashLoad) note(err error) bool {
	var dead *deadError
	if err == nil || errors.As(err, &dead) {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	text := err.Error()
	l.refused[text[:min(len(text), 160)]]++
	return true
}

// sendAlerts sends one to five alerts at a time.
func (l *crashLoad) sendAlerts(ctx context.Context, dice *mathrand.Rand) {
	for ctx.Err() == nil {
		ids := make([]string, 1+dice.IntN(5))
		for i := range ids {
			ids[i] = fmt.Sprintf("bench-%d", dice.Int64())
		}
		err := l.sendBatch(ctx, ids)
		l.mu.Lock()
		if err == nil {
			l.alerts = append(l.alerts, ids...)
		} else {
			l.doubtAlerts = append(l.doubtAlerts, ids)
		}
		l.mu.Unlock()
		if l.note(err) {
			pause(ctx, 20*time.Millisecond)
		}
	}
}

func (l *crashLoad) sendBatch(ctx context.Context, ids []string) error {
	body := bytes.NewBufferString("[")
	for i, id := range ids {
		if i > 0 {
			body.WriteByte(',')
		}
		var n int64
		if _, err := fmt.Sscanf(id, "bench-%d", &n); err != nil {
			return err
		}
		writeBenchAlert(body, n)
	}
	body.WriteByte(']')
	a, err := l.ingest.send(ctx, http.MethodPost, "/api/ops/v1/ingest/generic", rawJSON(body.Bytes()))
	if err == nil && !a.ok() {
		err = a.problem("ingest")
	}
	return err
}

// comment posts a text of its own each time.
func (l *crashLoad) comment(ctx context.Context, dice *mathrand.Rand) {
	for ctx.Err() == nil {
		c := told{l.incident(dice), fmt.Sprintf("Self-test comment %d.", dice.Int64())}
		err := l.agent.call(ctx, "add_comment", map[string]any{"incident_id": c.incident, "body": c.text}, nil)
		l.keep(err, c, &l.comments, &l.doubtComments)
		pause(ctx, time.Duration(10+dice.IntN(60))*time.Millisecond)
	}
}

// investigate submits verdicts.
func (l *crashLoad) investigate(ctx context.Context, dice *mathrand.Rand) {
	for ctx.Err() == nil {
		v := told{l.incident(dice), fmt.Sprintf("Self-test verdict %d.", dice.Int64())}
		err := l.submitVerdict(ctx, v)
		l.keep(err, v, &l.investigations, &l.doubtVerdicts)
		pause(ctx, time.Duration(40+dice.IntN(120))*time.Millisecond)
	}
}

func (l *crashLoad) submitVerdict(ctx context.Context, v told) error {
	return l.agent.call(ctx, "submit_investigation", map[string]any{
		"incident_id": v.incident, "classification": "TruePositive", "malicious_score": 80, "comment": v.text,
	}, nil)
}

func (l *crashLoad) keep(err error, t told, acknowledged, doubt *[]told) {
	refused := l.note(err)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		*acknowledged = append(*acknowledged, t)
	case !refused:
		*doubt = append(*doubt, t)
	}
}

// respond submits each candidate once.
func (l *crashLoad) respond(ctx context.Context, dice *mathrand.Rand) {
	for _, n := range dice.Perm(len(l.candidates)) {
		if ctx.Err() != nil {
			return
		}
		s := l.candidates[n]
		receipt, err := l.agent.submit(ctx, s)
		refused := l.note(err)
		l.mu.Lock()
		switch {
		case err == nil:
			l.gamebooks[receipt.ID] = s
		case !refused:
			l.doubtSubmits = append(l.doubtSubmits, s)
		}
		l.mu.Unlock()
		pause(ctx, time.Duration(dice.IntN(80))*time.Millisecond)
	}
}

// approve lets both people say yes to everything that waits.
func (l *crashLoad) approve(ctx context.Context, _ *mathrand.Rand) {
	for ctx.Err() == nil {
		for _, due := range l.undecided() {
			a, err := l.people[due.person].approve(ctx, due.gamebook)
			if err == nil && !a.ok() {
				err = a.problem("approve")
			}
			refused := l.note(err)
			l.mu.Lock()
			if err == nil || refused {
				l.approvals[due] = err == nil
			}
			l.mu.Unlock()
		}
		pause(ctx, 10*time.Millisecond)
	}
}

// undecided lists gamebooks and who has not yet decided; the second person is
// asked once the first has an answer.
func (l *crashLoad) undecided() []approval {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []approval
	for id := range l.gamebooks {
		for person := range l.people {
			due := approval{id, person}
			if _, asked := l.approvals[due]; !asked {
				out = append(out, due)
				break
			}
		}
	}
	return out
}

func (l *crashLoad) incident(dice *mathrand.Rand) string {
	return l.candidates[dice.IntN(len(l.candidates))].incident
}

// again sends everything in doubt a second time and takes the answer for the
// first; what is refused now was never stored.
func (l *crashLoad) again(ctx context.Context) error {
	for _, ids := range l.doubtAlerts {
		if err := paced(ctx, func() error { return l.sendBatch(ctx, ids) }); err != nil {
			return fmt.Errorf("alerts sent again: %w", err)
		}
		l.alerts = append(l.alerts, ids...)
	}
	for _, c := range l.doubtComments {
		arguments := map[string]any{"incident_id": c.incident, "body": c.text}
		if err := paced(ctx, func() error { return l.agent.call(ctx, "add_comment", arguments, nil) }); err != nil {
			return fmt.Errorf("a comment sent again: %w", err)
		}
		l.comments = append(l.comments, c)
	}
	for _, v := range l.doubtVerdicts {
		if err := paced(ctx, func() error { return l.submitVerdict(ctx, v) }); err != nil {
			return fmt.Errorf("a verdict sent again: %w", err)
		}
		l.investigations = append(l.investigations, v)
	}
	for _, s := range l.doubtSubmits {
		var receipt submitted
		err := paced(ctx, func() (err error) {
			receipt, err = l.agent.submit(ctx, s)
			return err
		})
		if err != nil && !errors.Is(err, errTool) {
			return fmt.Errorf("a gamebook sent again: %w", err)
		}
		if err == nil {
			l.gamebooks[receipt.ID] = s
		}
	}
	return nil
}

// counts are acknowledged writes, writes in doubt and refusals.
func (l *crashLoad) counts() (acknowledged, doubt, refused int) {
	acknowledged = len(l.alerts) + len(l.comments) + len(l.investigations) + len(l.gamebooks)
	for _, given := range l.approvals {
		if given {
			acknowledged++
		}
	}
	for _, n := range l.refused {
		refused += n
	}
	return acknowledged, len(l.doubtAlerts) + len(l.doubtComments) + len(l.doubtVerdicts) + len(l.doubtSubmits), refused
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
