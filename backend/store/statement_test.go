package store

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"vedette/backend/store/pgtest"
)

// engines opens a fresh database of both engines for one suite.
func engines(t *testing.T, suite func(t *testing.T, s *Store)) {
	t.Run("sqlite", func(t *testing.T) { suite(t, openSQLite(t)) })
	t.Run("postgres", func(t *testing.T) {
		s, err := Open(context.Background(), pgtest.Start(t), Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		suite(t, s)
	})
}

// TestEveryStatementIsUnderstoodByBothEngines calls every method of Reader and
// Tx with made-up arguments. Rows may be missing and checks may refuse; what
// fails is a statement that an engine cannot parse, resolve or bind.
func TestEveryStatementIsUnderstoodByBothEngines(t *testing.T) {
	undo := errors.New("undo")
	engines(t, func(t *testing.T, s *Store) {
		tx := reflect.TypeFor[*Tx]()
		for n := range tx.NumMethod() {
			method := tx.Method(n)
			if method.Name == "Audit" {
				continue
			}
			for _, full := range []bool{false, true} {
				err := s.Write(context.Background(), func(tx *Tx) error {
					args := []reflect.Value{reflect.ValueOf(tx)}
					for i := 1; i < method.Type.NumIn(); i++ {
						args = append(args, madeUp(method.Type.In(i), full))
					}
					out := method.Func.Call(args)
					if err, ok := out[len(out)-1].Interface().(error); ok && err != nil {
						return err
					}
					if err := tx.group.q.settle(tx.ctx); err != nil {
						return err
					}
					return undo
				})
				if misunderstood(err) {
					t.Errorf("%s: %v", method.Name, err)
				}
			}
		}
	})
}

// madeUp is a value of a type: filled where full, else the zero value.
func madeUp(t reflect.Type, full bool) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(full)
	case reflect.Slice:
		if full {
			v = reflect.Append(v, madeUp(t.Elem(), full))
		}
	case reflect.Pointer:
		if full && t.Elem().Kind() != reflect.Func {
			v.Set(reflect.New(t.Elem()))
			v.Elem().Set(madeUp(t.Elem(), full))
		}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Now()))
			break
		}
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				v.Field(i).Set(madeUp(t.Field(i).Type, full))
			}
		}
	case reflect.Interface:
		if reflect.TypeFor[madeUpJob]().Implements(t) {
			v.Set(reflect.ValueOf(madeUpJob{}))
		}
	default:
	}
	return v
}

type madeUpJob struct{}

func (madeUpJob) Kind() string { return "made_up" }

// misunderstood tells errors of the statement from errors of the data.
func misunderstood(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == 1 // SQLITE_ERROR
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "42") && pg.Code != "42P10"
	}
	return err != nil && (strings.Contains(err.Error(), "encode") || strings.Contains(err.Error(), "arguments") || strings.Contains(err.Error(), "panic") || strings.Contains(err.Error(), "Scan"))
}
