package tools

import (
	"sync"
	"time"

	"vedette/backend/soc"
	"vedette/backend/web"
)

// Limits bound what one principal may do (M5).
type Limits struct {
	// CallsPerMinute, default 120.
	CallsPerMinute int
	// InFlight calls at once, default 8. Half of them may wait in get_status,
	// so that polls never starve the rest.
	InFlight int
}

func (l Limits) filled() Limits {
	if l.CallsPerMinute == 0 {
		l.CallsPerMinute = 120
	}
	if l.InFlight == 0 {
		l.InFlight = 8
	}
	return l
}

// strangersPerMinute bounds per address the requests that are refused before
// anybody is known: beyond it they are refused unseen and unrecorded, so that
// nobody can guess on, or fill the audit.
const strangersPerMinute = 20

// limiter is the calls of all principals.
type limiter struct {
	*web.Limiter
	strangers strangers
	waiting   places
}

func newLimiter(l Limits, now func() time.Time) *limiter {
	l = l.filled()
	return &limiter{
		Limiter:   web.NewLimiter(l.CallsPerMinute, l.InFlight, now),
		strangers: strangers{now: now, refused: map[string]int{}},
		waiting:   places{most: max(l.InFlight/2, 1), taken: map[string]int{}},
	}
}

// enter takes one call of a principal; the error says how long to wait.
func (l *limiter) enter(principal string) (leave func(), err error) {
	leave, wait := l.Enter(principal)
	if leave != nil {
		return leave, nil
	}
	e := soc.Errorf(soc.Limited, soc.CodeRateLimited, "Too many calls of this principal.").
		WithFix("Wait %d s, then send it again, and wait for answers before sending more.", wait)
	e.RetryAfter = wait
	return nil, e
}

// strangers counts refusals per address within the minute.
type strangers struct {
	now     func() time.Time
	mu      sync.Mutex
	minute  int64
	refused map[string]int
}

// wait is how many seconds an address must let pass, 0 for none.
func (s *strangers) wait(address string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	if s.refused[address] < strangersPerMinute {
		return 0
	}
	return 60 - int(s.now().Unix()%60)
}

// add counts one refusal.
func (s *strangers) add(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn()
	s.refused[address]++
}

// turn starts anew with every minute, which also bounds the memory.
func (s *strangers) turn() {
	if minute := s.now().Unix() / 60; minute != s.minute {
		s.minute = minute
		clear(s.refused)
	}
}

// places are how many of a principal's calls may wait for something.
type places struct {
	most  int
	mu    sync.Mutex
	taken map[string]int
}

// claim takes a place; ok is false if there is none.
func (p *places) claim(principal string) (release func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[principal] >= p.most {
		return nil, false
	}
	p.taken[principal]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.taken[principal]--; p.taken[principal] == 0 {
			delete(p.taken, principal)
		}
	}, true
}
