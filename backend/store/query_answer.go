package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"vedette/backend/soc/kql"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// maxSources is the most incidents that the text of one answer may come from
// where that is recorded.
const maxSources = 500

// ErrQuerySources is an answer drawn from the text of too many incidents to
// record.
var ErrQuerySources = fmt.Errorf("store: the answer draws on the text of more than %d incidents", maxSources)

// readAnswer runs the statement and reads its rows up to the limits.
func readAnswer(ctx context.Context, q oneQuery, text string, args []any, columns []kql.Column, lineage []lineageKind, scope QueryScope) (answer QueryAnswer, err error) {
	found, done, err := q.query(ctx, text, args)
	if err != nil {
		return answer, err
	}
	defer done()
	defer found.Close()
	sources := &sourceList{at: map[string]int{}}
	told := textual(columns)
	bytes := 0
	for skipped := 0; found.Next(); {
		if skipped < scope.Skip {
			skipped++
			continue
		}
		values := make([]any, len(columns)+len(lineage))
		targets := make([]any, len(values))
		for n := range values {
			targets[n] = &values[n]
		}
		if err := found.Scan(targets...); err != nil {
			return answer, err
		}
		row := values[:len(columns):len(columns)]
		if len(answer.Rows) == scope.Limit-scope.Skip {
			answer.More = true
			break
		}
		size := 0
		for n, c := range columns {
			if row[n], err = queryValue(c.Type, row[n]); err != nil {
				return answer, err
			}
			size += valueSize(row[n])
		}
		if bytes += size; bytes > queryBytes && len(answer.Rows) > 0 {
			answer.Cut = true
			break
		}
		answer.Rows = append(answer.Rows, row)
		if told {
			if err := sources.add(values[len(columns):], lineage); err != nil {
				return answer, err
			}
		}
	}
	if !answer.More && !answer.Cut {
		if err := found.Err(); err != nil {
			return answer, err
		}
	}
	answer.Sources = sources.list
	return answer, nil
}

// textual reports an answer that can hold text of somebody outside.
func textual(columns []kql.Column) bool {
	for _, c := range columns {
		if c.Text {
			return true
		}
	}
	return false
}

// queryValue gives a value of either engine its type.
func queryValue(t kql.Type, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []byte:
		return queryValue(t, string(v))
	case int64:
		switch t {
		case kql.Bool:
			return v != 0, nil
		case kql.Real:
			return float64(v), nil
		}
		return v, nil
	case int32:
		return int64(v), nil
	case string, float64, bool:
		return v, nil
	}
	return nil, fmt.Errorf("store: a query gave a %T for a %s", v, t)
}

func valueSize(v any) int {
	if text, ok := v.(string); ok {
		return len(text)
	}
	return 8
}

// sourceList collects incidents in the order in which they come.
type sourceList struct {
	list []QuerySource
	at   map[string]int
}

func (s *sourceList) add(values []any, kinds []lineageKind) error {
	last := -1
	for n, kind := range kinds {
		switch v := values[n].(type) {
		case string:
			names := []string{v}
			if kind == lineageSet {
				names = strings.Split(v, ",")
			}
			for _, name := range names {
				last = s.mention(name)
			}
		case []byte:
			values[n] = string(v)
			return s.add(values, kinds)
		case int64:
			if kind == lineageEvidence && last >= 0 {
				s.list[last].Evidence = append(s.list[last].Evidence, int(v))
			}
		case nil:
			if kind == lineageIncident {
				last = -1
			}
		}
	}
	if len(s.list) > maxSources {
		return ErrQuerySources
	}
	return nil
}

// mention notes an incident; "!" in front of its id says that it is flagged.
func (s *sourceList) mention(name string) int {
	id, flagged := strings.CutPrefix(name, "!")
	if id == "" {
		return -1
	}
	n, known := s.at[id]
	if !known {
		n = len(s.list)
		s.at[id] = n
		s.list = append(s.list, QuerySource{Incident: id})
	}
	s.list[n].Flagged = s.list[n].Flagged || flagged
	return n
}
