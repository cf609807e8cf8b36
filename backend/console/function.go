package console

import (
	"fmt"
	"html/template"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"vedette/backend/soc"
)

// functions are those of every template. None of them makes markup: what they
// return is escaped where it stands.
func (c *Console) functions() template.FuncMap {
	functions := template.FuncMap{
		"asset": c.assetAddress, "integrity": c.assetIntegrity,
		"seg": url.PathEscape, "query": url.QueryEscape, "words": words, "stamp": stamp, "exact": exact, "until": until, "seconds": seconds,
		"args": arguments, "list": func(items ...any) []any { return items }, "join": strings.Join, "deref": deref, "short": short,
		"holds": slices.Contains[[]soc.EventType], "formats": func() []soc.PayloadFormat { return soc.AllPayloadFormats },
		"lower": lower, "percent": func(share float64) float64 { return share * 100 }, "kill": killWords,
		"roles": func() []soc.Role { return soc.AllRoles }, "overlap": func() int { return int(soc.MaxOverlap.Hours()) }, "perSecond": perSecond, "fileLimit": func() int64 { return c.desk.AttachmentLimits().FileBytes >> 20 }, "connectorKind": connectorKind, "some": someNumber, "among": slices.Contains[[]string], "inert": inert, "lines": inertLines, "reasons": reasonsOf,
	}
	maps.Copy(functions, figureFunctions)
	return functions
}

// arguments makes the dot of a part from names and values.
func arguments(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("args takes names and values, not %d things", len(pairs))
	}
	made := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("args: %v is no name", pairs[i])
		}
		made[name] = pairs[i+1]
	}
	return made, nil
}

// words spells a name of the code as people write it: EXTERNALLY_REVERSIBLE and
// ExternallyReversible are both "externally reversible".
func words(value any) string {
	text := fmt.Sprint(value)
	var out strings.Builder
	upper := text == strings.ToUpper(text)
	for i, r := range text {
		switch {
		case r == '_' || r == '-':
			out.WriteByte(' ')
			continue
		case i > 0 && !upper && r >= 'A' && r <= 'Z':
			out.WriteByte(' ')
		}
		out.WriteRune(r)
	}
	return strings.ToLower(out.String())
}

// moment reads a time of a page: a time.Time, the text that the desk's views
// hold, or a pointer to either. The zero time is none.
func moment(value any) (time.Time, bool) {
	switch v := value.(type) {
	case time.Time:
		return v.UTC(), !v.IsZero()
	case *time.Time:
		if v != nil {
			return moment(*v)
		}
	case string:
		t, err := time.Parse(time.RFC3339, v)
		return t.UTC(), err == nil && !t.IsZero()
	case *string:
		if v != nil {
			return moment(*v)
		}
	}
	return time.Time{}, false
}

// stamp is a time as programs read it, exact as people do; both UTC. "" for none.
func stamp(value any) string {
	if t, ok := moment(value); ok {
		return t.Format("2006-01-02T15:04:05.000Z")
	}
	return ""
}

func exact(value any) string {
	if t, ok := moment(value); ok {
		return t.Format("2006-01-02 15:04:05 UTC")
	}
	return ""
}

// until says how far away a moment is, in one unit.
func until(value any, now time.Time) string {
	t, ok := moment(value)
	if !ok {
		return ""
	}
	left := t.Sub(now)
	if left < 0 {
		return seconds(int64(-left/time.Second)) + " ago"
	}
	return "in " + seconds(int64(left/time.Second))
}

// seconds spells a duration.
func seconds(value any) string {
	var n int64
	switch v := value.(type) {
	case int64:
		n = v
	case *int64:
		if v == nil {
			return ""
		}
		n = *v
	case int:
		n = int64(v)
	case time.Duration:
		n = int64(v / time.Second)
	}
	switch {
	case n < 120:
		return fmt.Sprintf("%d s", n)
	case n < 120*60:
		return fmt.Sprintf("%d min", n/60)
	case n < 48*3600 && n%3600 < 60:
		return fmt.Sprintf("%d h", n/3600)
	case n < 48*3600:
		return fmt.Sprintf("%d h %d min", n/3600, n%3600/60)
	}
	return fmt.Sprintf("%d days", n/86400)
}

// deref is the text behind a pointer, "" behind none.
func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// short is the beginning of an id or a digest.
func short(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	if len(id) > 8 {
		return id[:8]
	}
	return id
}

// inert shows what could act on a reader, such as bidirectional controls, instead
// of sending it: for one line that somebody else wrote.
func inert(value any) string { return soc.EscapeVisible(fmt.Sprint(value)) }

// inertLines is inert for a text whose line ends and tabs are meant.
func inertLines(value any) string {
	lines := strings.Split(strings.ReplaceAll(fmt.Sprint(value), "\r\n", "\n"), "\n")
	for n, line := range lines {
		lines[n] = soc.EscapeVisible(strings.ReplaceAll(line, "\t", "    "))
	}
	return strings.Join(lines, "\n")
}

// perSecond spells calls in a thousand seconds as calls a second, "" for none.
func perSecond(rate int64) string {
	if rate == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(rate)/1000, 'f', -1, 64)
}

// someNumber spells a number, "" for 0.
func someNumber(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
