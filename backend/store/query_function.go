package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"

	"modernc.org/sqlite"

	"vedette/backend/soc"
	"vedette/backend/soc/kql"
)

// init gives SQLite the functions that PostgreSQL has from migration 3. The
// driver registers functions for every connection that is opened later, so
// this cannot be done by Open.
func init() {
	for name, f := range sqliteFunctions {
		sqlite.MustRegisterDeterministicScalarFunction("kql_"+name, f.arguments, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			for _, a := range args {
				if a == nil {
					return nil, nil
				}
			}
			return f.call(args)
		})
	}
}

// sqliteFunction gives null for null.
type sqliteFunction struct {
	arguments int32
	call      func([]driver.Value) (driver.Value, error)
}

var sqliteFunctions = map[string]sqliteFunction{
	"add": arithmetic(kql.OpAdd), "sub": arithmetic(kql.OpSub), "mul": arithmetic(kql.OpMul), "div": arithmetic(kql.OpDiv), "mod": arithmetic(kql.OpMod),
	"bin": {3, func(a []driver.Value) (driver.Value, error) {
		typ := kql.Long
		if a[2] != int64(0) {
			typ = kql.Datetime
		}
		return kql.Arithmetic(kql.OpBin, a[0], a[1], typ)
	}},
	"has": {2, func(a []driver.Value) (driver.Value, error) { return kql.Has(textOf(a[0]), textOf(a[1])), nil }},
	"ends": {2, func(a []driver.Value) (driver.Value, error) {
		return strings.HasSuffix(textOf(a[0]), textOf(a[1])), nil
	}},
	"match": {2, func(a []driver.Value) (driver.Value, error) { return kql.Match(textOf(a[0]), textOf(a[1])) }},
	"cut":   {1, func(a []driver.Value) (driver.Value, error) { return kql.ToLong(a[0]), nil }},
	"long":  {1, func(a []driver.Value) (driver.Value, error) { return kql.ToLong(textOf(a[0])), nil }},
	"real":  {1, func(a []driver.Value) (driver.Value, error) { return kql.ToReal(textOf(a[0])), nil }},
	"real_text": {1, func(a []driver.Value) (driver.Value, error) {
		v, ok := a[0].(float64)
		if !ok {
			return nil, errArgument(a[0])
		}
		return kql.RealText(v), nil
	}},
	"time_text": {1, func(a []driver.Value) (driver.Value, error) {
		v, ok := a[0].(int64)
		if !ok {
			return nil, errArgument(a[0])
		}
		return kql.TimeText(v), nil
	}},
	"json":    {1, func(a []driver.Value) (driver.Value, error) { return orNull(kql.ParseJSON(textOf(a[0]))) }},
	"member":  {2, func(a []driver.Value) (driver.Value, error) { return orNull(kql.Member(textOf(a[0]), textOf(a[1]))) }},
	"unquote": {1, func(a []driver.Value) (driver.Value, error) { return kql.Unquote(textOf(a[0])), nil }},
	"element": {2, func(a []driver.Value) (driver.Value, error) {
		n, ok := a[1].(int64)
		if !ok {
			return nil, errArgument(a[1])
		}
		return orNull(kql.Element(textOf(a[0]), n))
	}},
	"bag":   {1, func(a []driver.Value) (driver.Value, error) { return bag(textOf(a[0])) }},
	"field": {2, func(a []driver.Value) (driver.Value, error) { return field(textOf(a[0]), textOf(a[1])) }},
	"first": {2, firstMembers},
}

func errArgument(v driver.Value) error { return fmt.Errorf("kql: unexpected argument of type %T", v) }

// arithmetic is + - * / % on two longs or two reals. Its only error is
// kql.ErrRange; see rangeError.
func arithmetic(op kql.Op) sqliteFunction {
	return sqliteFunction{2, func(a []driver.Value) (driver.Value, error) {
		x, xReal := a[0].(float64)
		y, yReal := a[1].(float64)
		if xReal != yReal {
			return nil, errArgument(a[1])
		}
		if xReal {
			return kql.Arithmetic(op, x, y, kql.Real)
		}
		return kql.Arithmetic(op, a[0], a[1], kql.Long)
	}}
}

func textOf(v driver.Value) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

func orNull(text string, ok bool) (driver.Value, error) {
	if !ok {
		return nil, nil
	}
	return text, nil
}

// bag makes one object of the stored fields of an evidence row.
func bag(stored string) (driver.Value, error) {
	var fields []soc.Field
	if err := decode(stored, &fields); err != nil {
		return nil, err
	}
	at := map[string]int{}
	var merged []soc.Field
	for _, f := range fields {
		n, again := at[f.Name]
		if !again {
			at[f.Name] = len(merged)
			merged = append(merged, f)
			continue
		}
		merged[n].Value += "; " + f.Value
	}
	var b strings.Builder
	b.WriteByte('{')
	for n, f := range merged {
		if n > 0 {
			b.WriteByte(',')
		}
		writeJSONText(&b, f.Name)
		b.WriteByte(':')
		writeJSONText(&b, f.Value)
	}
	b.WriteByte('}')
	return b.String(), nil
}

// writeJSONText escapes what JSON demands and nothing else, as PostgreSQL does.
func writeJSONText(b *strings.Builder, text string) {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	b.WriteByte('"')
	for _, c := range text {
		switch escape := short[c]; {
		case escape != "":
			b.WriteString(escape)
		case c < ' ':
			fmt.Fprintf(b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
}

// field finds the values behind a mark (fieldMark) without decoding the rest.
func field(stored, mark string) (driver.Value, error) {
	out := ""
	for found := 0; ; found++ {
		n := strings.Index(stored, mark)
		if n < 0 {
			return out, nil
		}
		stored = stored[n+len(mark)-1:]
		var value string
		if err := json.NewDecoder(strings.NewReader(stored)).Decode(&value); err != nil {
			return nil, err
		}
		if found > 0 {
			out += "; "
		}
		out += value
		stored = stored[1:]
	}
}

// firstMembers keeps the first members of a JSON array.
func firstMembers(a []driver.Value) (driver.Value, error) {
	n, ok := a[1].(int64)
	if !ok {
		return nil, errArgument(a[1])
	}
	var members []json.RawMessage
	if err := json.Unmarshal([]byte(textOf(a[0])), &members); err != nil {
		return nil, err
	}
	if int64(len(members)) <= n {
		return textOf(a[0]), nil
	}
	out, err := json.Marshal(members[:n])
	return string(out), err
}
