package console

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"vedette/backend"
	"vedette/backend/soc"
)

const (
	// livePoll is how often the record is asked whether it has grown, by one
	// question for all viewers of the process, and only while there are any. The
	// record is one for all replicas, so what happened on another shows here too.
	livePoll = 700 * time.Millisecond
	// liveKept is how many positions back a stream may be resumed.
	liveKept = 1000
)

// hub tells viewers what happened. It keeps what it read last, so that a viewer
// who comes back goes on where they were.
type hub struct {
	desk *backend.Desk
	log  *slog.Logger

	mu      sync.Mutex
	viewers map[*viewer]bool
	kept    []soc.Happening
	head    int64
	// running is the context of the reading of the record, nil while nobody
	// looks.
	stop   context.CancelFunc
	closed bool
	done   chan struct{}
}

// viewer is one open stream of one workspace.
type viewer struct {
	workspace string
	// after is the last position this viewer was told of.
	after int64
	// more is signalled when there is something new.
	more chan struct{}
}

func newHub(desk *backend.Desk, log *slog.Logger) *hub {
	return &hub{desk: desk, log: log, viewers: map[*viewer]bool{}, done: make(chan struct{})}
}

// position is where the record ends now.
func (h *hub) position(ctx context.Context) (int64, error) {
	_, head, err := h.desk.FollowRecord(ctx, 1<<62)
	return head, err
}

// enter adds a viewer; the first one starts the reading. It reports false when
// the server is going down.
func (h *hub) enter(v *viewer) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.viewers[v] = true
	if len(h.viewers) == 1 {
		ctx, stop := context.WithCancel(context.Background())
		h.stop, h.kept, h.head = stop, nil, max(0, v.after-1)
		go h.read(ctx)
	}
	v.more <- struct{}{} // what is kept already may be news to this one
	return true
}

func (h *hub) leave(v *viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.viewers, v)
	if len(h.viewers) == 0 && h.stop != nil {
		h.stop()
		h.stop = nil
	}
}

// close ends every stream.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	close(h.done)
	if h.stop != nil {
		h.stop()
		h.stop = nil
	}
}

// read follows the record until nobody looks any more.
func (h *hub) read(ctx context.Context) {
	ticker := time.NewTicker(livePoll)
	defer ticker.Stop()
	for {
		if err := h.look(ctx); err != nil && ctx.Err() == nil {
			h.log.LogAttrs(ctx, slog.LevelWarn, "the record could not be followed", slog.String("error", err.Error()))
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// look takes in what happened since the last look, and wakes the viewers.
func (h *hub) look(ctx context.Context) error {
	h.mu.Lock()
	after := h.head
	h.mu.Unlock()
	changes, head, err := h.desk.FollowRecord(ctx, after)
	if err != nil || head <= after {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return nil
	}
	if len(changes) > 0 && changes[0].Position != after+1 {
		h.kept = nil // some were left out: what was kept no longer joins on
	}
	h.kept, h.head = append(h.kept, changes...), head
	if over := len(h.kept) - liveKept; over > 0 {
		h.kept = slices.Clone(h.kept[over:])
	}
	for v := range h.viewers {
		select {
		case v.more <- struct{}{}:
		default:
		}
	}
	return nil
}

// message is what a viewer is told: topics, or that so much happened that all
// should be fetched again.
type message struct {
	Seq    int64    `json:"seq"`
	Topics []string `json:"topics"`
	All    bool     `json:"all,omitempty"`
}

// next is what a viewer has not been told, false for nothing. Kill switches
// concern everybody: that one was moved is no secret of a tenant, and which one
// the page asks for with the viewer's own rights.
func (h *hub) next(v *viewer) ([]byte, int64, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.head <= v.after {
		return nil, 0, false
	}
	m := message{Seq: h.head, All: len(h.kept) == 0 || h.kept[0].Position > v.after+1}
	topics := map[string]bool{}
	for _, change := range h.kept {
		if change.Position <= v.after {
			continue
		}
		for _, topic := range change.Topics() {
			if change.Workspace == v.workspace && v.workspace != "" || topic == "kill" {
				topics[topic] = true
			}
		}
	}
	v.after = h.head
	m.Topics = slices.Sorted(maps.Keys(topics))
	if len(m.Topics) == 0 && !m.All {
		return nil, 0, false
	}
	body, err := json.Marshal(m)
	return body, m.Seq, err == nil
}
