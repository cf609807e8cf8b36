package worker

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"vedette/backend"
	"vedette/backend/soc"
)

// How a webhook is sent to. Each one that has something due is drained by a
// goroutine of its own, so an endpoint that hangs holds up nobody but itself: it
// always has one place of its own, and takes more from a common pool only while
// it answers well.
const (
	// perWebhook bounds the attempts to one webhook at a time, and common those
	// beyond the first of all webhooks together.
	perWebhook = 8
	common     = 64
	// failingPause is the least time between attempts to an endpoint that fails:
	// a hundred thousand waiting deliveries must not become a hundred thousand
	// attempts a minute, of which each is written down.
	failingPause = 100 * time.Millisecond
	// linger is how long a drain stays with nothing to do before it gives its
	// turn back, and glance how often it looks meanwhile.
	linger = 2 * time.Second
	glance = 250 * time.Millisecond
	// renewTurn is how often a drain says that it is alive.
	renewTurn = 10 * time.Second
)

// webhooks sends what is due.
type webhooks struct {
	desk *backend.Desk
	send func(context.Context, soc.Dispatch) soc.AttemptResult
	log  func(ctx context.Context, message string, webhook string, err error)

	// ctx ends what is under way; stop only begins nothing new.
	ctx     context.Context
	end     context.CancelFunc
	places  chan struct{} // the common pool
	mu      sync.Mutex
	drains  map[string]*drain
	running sync.WaitGroup
	closed  bool
}

// drain is the one goroutine that sends to one webhook.
type drain struct {
	all     *webhooks
	webhook string
	lease   string
	woken   chan struct{}
	ended   chan string // ids of attempts that are over

	underWay map[string]bool
	last     time.Time // of the last attempt begun
	failing  bool
	pooled   int
}

func newWebhooks(c Config) *webhooks {
	ctx, end := context.WithCancel(context.Background())
	return &webhooks{
		ctx: ctx, end: end, desk: c.Desk, send: c.Send, places: make(chan struct{}, common), drains: map[string]*drain{},
		log: func(ctx context.Context, message, webhook string, err error) {
			c.Log.ErrorContext(ctx, message, "webhook", webhook, "error", err)
		},
	}
}

// wake has webhooks looked at, now.
func (w *webhooks) wake(ids ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		if d := w.drains[id]; d != nil {
			select {
			case d.woken <- struct{}{}:
			default: // woken already
			}
			continue
		}
		if w.closed {
			return
		}
		d := &drain{
			all: w, webhook: id, lease: rand.Text(), woken: make(chan struct{}, 1), ended: make(chan string, perWebhook), underWay: map[string]bool{},
		}
		w.drains[id] = d
		w.running.Go(func() { d.run(w.ctx) })
	}
}

// look finds webhooks with something due: retries, what other processes wrote,
// and what a process that died left behind.
func (w *webhooks) look(ctx context.Context) error {
	if w.send == nil || w.stopped() {
		return nil
	}
	due, err := w.desk.WebhooksDue(ctx)
	if err != nil {
		return err
	}
	w.wake(due...)
	return nil
}

// stop begins nothing new.
func (w *webhooks) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
}

func (w *webhooks) stopped() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

// wait returns when all is over; what lasts longer than ctx is given up, and
// sent again by the next process.
func (w *webhooks) wait(ctx context.Context) {
	over := make(chan struct{})
	go func() { w.running.Wait(); close(over) }()
	select {
	case <-over:
	case <-ctx.Done():
	}
	w.end()
	<-over
}

// work takes a job: the rows are the truth, so it only wakes.
func (w *webhooks) work(_ context.Context, job *river.Job[soc.DeliveryJob]) error {
	if w.send != nil {
		w.wake(job.Args.Webhooks...)
	}
	return nil
}

// run drains until nothing is left to do or the turn is somebody else's.
func (d *drain) run(ctx context.Context) {
	defer d.leave(ctx)
	taken, err := d.all.desk.TakeWebhook(ctx, d.webhook, d.lease)
	if err != nil || !taken {
		d.report(ctx, "a webhook could not be taken", err)
		return
	}
	renewed, idle := time.Now(), time.Now()
	for ctx.Err() == nil && !d.all.stopped() {
		if time.Since(renewed) > renewTurn {
			if taken, err := d.all.desk.TakeWebhook(ctx, d.webhook, d.lease); err != nil || !taken {
				d.report(ctx, "a webhook could not be kept", err)
				break
			}
			renewed = time.Now()
		}
		began, stop, err := d.begin(ctx)
		if err != nil {
			d.report(ctx, "deliveries could not be read", err)
			break
		}
		if stop && len(d.underWay) == 0 {
			break
		}
		if began > 0 || len(d.underWay) > 0 {
			idle = time.Now()
		}
		if time.Since(idle) > linger {
			break
		}
		if began == 0 || len(d.underWay) >= d.room() {
			d.pause(ctx)
		}
	}
	for len(d.underWay) > 0 {
		d.done(<-d.ended)
	}
}

// begin starts as many attempts as there is room for.
func (d *drain) begin(ctx context.Context) (began int, stop bool, err error) {
	free := d.room() - len(d.underWay)
	if free <= 0 || d.failing && time.Since(d.last) < failingPause {
		return 0, false, nil
	}
	batch, err := d.all.desk.DueDeliveries(ctx, d.webhook, d.underWay, free)
	if err != nil || batch.Stop {
		return 0, batch.Stop, err
	}
	d.failing = batch.Failing
	for _, order := range batch.Dispatches {
		if began > 0 && d.failing || !d.place() {
			break
		}
		id := order.Record.Delivery.ID
		d.underWay[id], d.last = true, time.Now()
		began++
		d.all.running.Go(func() { d.attempt(ctx, order) })
	}
	return began, false, nil
}

// room is how many attempts may be under way: two while the endpoint fails, so
// that one that hangs does not hide one that recovers.
func (d *drain) room() int {
	if d.failing {
		return 2
	}
	return perWebhook
}

// place takes a place for one more attempt: the first is the webhook's own.
func (d *drain) place() bool {
	if len(d.underWay) == 0 {
		return true
	}
	select {
	case d.all.places <- struct{}{}:
		d.pooled++
		return true
	default:
		return false
	}
}

// done gives the place of an attempt back.
func (d *drain) done(id string) {
	delete(d.underWay, id)
	if d.pooled > max(0, len(d.underWay)-1) {
		d.pooled--
		<-d.all.places
	}
}

// attempt sends and records. What could not be recorded is sent again later: at
// least once, with the same id.
func (d *drain) attempt(ctx context.Context, order soc.Dispatch) {
	defer func() { d.ended <- order.Record.Delivery.ID }()
	result := d.all.send(ctx, order)
	if ctx.Err() != nil && result.HTTPStatus == 0 {
		return // this process stops; the attempt was not the endpoint's fault
	}
	if err := d.all.desk.RecordAttempt(context.WithoutCancel(ctx), order, result); err != nil {
		d.report(ctx, "an attempt could not be recorded", err)
	}
}

// pause waits for something to do.
func (d *drain) pause(ctx context.Context) {
	wait := glance
	if d.failing {
		wait = failingPause
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case id := <-d.ended:
		d.done(id)
	case <-d.woken:
	case <-timer.C:
	case <-ctx.Done():
	}
	for { // whoever else is done meanwhile
		select {
		case id := <-d.ended:
			d.done(id)
		default:
			return
		}
	}
}

// leave gives the turn back.
func (d *drain) leave(ctx context.Context) {
	if err := d.all.desk.FreeWebhook(context.WithoutCancel(ctx), d.webhook, d.lease); err != nil {
		d.report(ctx, "a webhook could not be given back", err)
	}
	d.all.mu.Lock()
	delete(d.all.drains, d.webhook)
	d.all.mu.Unlock()
}

func (d *drain) report(ctx context.Context, message string, err error) {
	if err != nil && ctx.Err() == nil {
		d.all.log(ctx, message, d.webhook, err)
	}
}
