package store

import (
	linked "container/list"
	"context"
	"database/sql"
	"sync"
)

// statementLimit bounds the prepared statements kept per pool. The store has
// about two hundred texts of its own; lists are built from what callers filter
// by, so the number of all texts has no bound.
const statementLimit = 384

// statements keeps prepared statements of one database/sql pool, which would
// otherwise prepare again for every query: at most statementLimit, the least
// recently used goes first.
type statements struct {
	db     *sql.DB
	mu     sync.Mutex
	known  map[string]*linked.Element
	recent *linked.List // of *prepared, most recently used first
	wanted map[string]bool
}

// prepared is one statement. It is not closed while somebody is about to use
// it; rows that are being read keep it alive by themselves.
type prepared struct {
	text  string
	stmt  *sql.Stmt
	users int
}

func newStatements(db *sql.DB) *statements {
	return &statements{db: db, known: map[string]*linked.Element{}, recent: linked.New(), wanted: map[string]bool{}}
}

// take returns a known statement, to be given back by put.
func (s *statements) take(text string) *prepared {
	s.mu.Lock()
	defer s.mu.Unlock()
	element := s.known[text]
	if element == nil {
		return nil
	}
	s.recent.MoveToFront(element)
	p := element.Value.(*prepared)
	p.users++
	return p
}

func (s *statements) put(p *prepared) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.users--
}

// bound returns a known statement bound to tx, or nil; an unknown one is
// prepared for the pool by the next warm.
func (s *statements) bound(ctx context.Context, tx *sql.Tx, text string) *sql.Stmt {
	if p := s.take(text); p != nil {
		defer s.put(p)
		return tx.StmtContext(ctx, p.stmt)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wanted) < statementLimit {
		s.wanted[text] = true
	}
	return nil
}

// get returns the statement for use outside a transaction, to be given back by
// put.
func (s *statements) get(ctx context.Context, text string) (*prepared, error) {
	if p := s.take(text); p != nil {
		return p, nil
	}
	stmt, err := s.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	kept, closed := s.keep(&prepared{text: text, stmt: stmt, users: 1})
	for _, p := range closed {
		_ = p.Close()
	}
	return kept, nil
}

// keep adds a statement and returns the one to use, which is another when two
// prepared the same text, and those to close.
func (s *statements) keep(p *prepared) (kept *prepared, closed []*sql.Stmt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if element := s.known[p.text]; element != nil {
		other := element.Value.(*prepared)
		other.users++
		return other, []*sql.Stmt{p.stmt}
	}
	s.known[p.text] = s.recent.PushFront(p)
	for element := s.recent.Back(); element != nil && s.recent.Len() > statementLimit; {
		oldest, before := element.Value.(*prepared), element.Prev()
		if oldest.users == 0 {
			s.recent.Remove(element)
			delete(s.known, oldest.text)
			closed = append(closed, oldest.stmt)
		}
		element = before
	}
	return p, closed
}

// warm prepares what transactions asked for. The caller holds no connection.
func (s *statements) warm(ctx context.Context) {
	s.mu.Lock()
	if len(s.wanted) == 0 {
		s.mu.Unlock()
		return
	}
	texts := make([]string, 0, len(s.wanted))
	for text := range s.wanted {
		texts = append(texts, text)
	}
	clear(s.wanted)
	s.mu.Unlock()
	for _, text := range texts {
		// A statement that cannot be prepared now fails where it is used.
		if p, err := s.get(ctx, text); err == nil {
			s.put(p)
		}
	}
}
