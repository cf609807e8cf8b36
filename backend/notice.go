package backend

import (
	"slices"
	"sync"

	"vedette/backend/soc"
)

// notices wakes those in this process who wait for handles (get_status). A
// notice is a hint that rows changed and carries nothing: whoever is woken
// reads them. What other processes change is found by reading again.
type notices struct {
	mu      sync.Mutex
	waiting map[string][]chan struct{}
}

// subscribe gives a channel that holds something after a notice about any of
// the handles, and the way to end it.
func (n *notices) subscribe(handles []string) (woken <-chan struct{}, end func()) {
	c := make(chan struct{}, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiting == nil {
		n.waiting = map[string][]chan struct{}{}
	}
	for _, h := range handles {
		n.waiting[h] = append(n.waiting[h], c)
	}
	return c, func() { n.unsubscribe(handles, c) }
}

func (n *notices) unsubscribe(handles []string, c chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range handles {
		n.waiting[h] = slices.DeleteFunc(n.waiting[h], func(o chan struct{}) bool { return o == c })
		if len(n.waiting[h]) == 0 {
			delete(n.waiting, h)
		}
	}
}

func (n *notices) wake(handles ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range handles {
		for _, c := range n.waiting[h] {
			select {
			case c <- struct{}{}:
			default: // woken already
			}
		}
	}
}

// wake tells waiting callers that a gamebook changed.
func (d *Desk) wake(g soc.Gamebook) {
	handles := []string{g.ID}
	for _, s := range g.Steps {
		handles = append(handles, s.ID)
	}
	d.notices.wake(handles...)
}
