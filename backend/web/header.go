package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vedette/backend/soc"
)

// IfMatch binds the header If-Match: "*" or a list of entity tags. A tag that is
// no revision of ours, or a weak one, matches nothing (RFC 9110 section 13.1.1).
type IfMatch struct{ soc.IfMatch }

// UnmarshalText parses the field value.
func (m *IfMatch) UnmarshalText(text []byte) error {
	m.IfMatch = soc.IfMatch{Given: true}
	rest := strings.TrimSpace(string(text))
	if rest == "*" {
		m.Any = true
		return nil
	}
	for _, tag := range strings.Split(rest, ",") {
		tag = strings.TrimSpace(tag)
		opaque, weak := strings.CutPrefix(tag, "W/")
		if len(opaque) < 2 || opaque[0] != '"' || opaque[len(opaque)-1] != '"' {
			return fmt.Errorf(`must be * or entity tags in quotes, like "12"`)
		}
		opaque = opaque[1 : len(opaque)-1]
		if strings.Contains(opaque, `"`) {
			return fmt.Errorf(`must be * or entity tags in quotes, like "12"`)
		}
		if revision, err := strconv.ParseInt(opaque, 10, 64); err == nil && !weak && strconv.FormatInt(revision, 10) == opaque {
			m.Revisions = append(m.Revisions, revision)
		}
	}
	return nil
}

// etag is the entity tag of a revision.
func etag(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// Prefer binds the header Prefer of RFC 7240, of which wait and respond-async
// are known (the latter alone is wait=0); as that RFC demands, other
// preferences are ignored.
type Prefer struct {
	// Given is true when either was stated. Wait is at most 25 s.
	Given bool
	Wait  time.Duration
}

// MaxWait bounds how long a call may block (mcp.md M6).
const MaxWait = 25 * time.Second

// UnmarshalText parses the field value.
func (p *Prefer) UnmarshalText(text []byte) error {
	async := false
	for _, preference := range strings.Split(string(text), ",") {
		preference, _, _ = strings.Cut(preference, ";") // parameters
		name, value, _ := strings.Cut(preference, "=")
		name = strings.TrimSpace(name)
		async = async || strings.EqualFold(name, "respond-async")
		if !strings.EqualFold(name, "wait") {
			continue
		}
		seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 16)
		if err != nil || time.Duration(seconds)*time.Second > MaxWait {
			return fmt.Errorf("wait must be 0 to %d seconds", MaxWait/time.Second)
		}
		if !p.Given { // of a repeated preference the first counts
			p.Given, p.Wait = true, time.Duration(seconds)*time.Second
		}
	}
	p.Given = p.Given || async
	return nil
}

// single is a header that may stand once; found is false where it is absent.
func single(header http.Header, name string) (value string, found bool, err error) {
	values := header.Values(name)
	if len(values) > 1 {
		return "", false, badRequest("Send the header %s once, not %d times.", name, len(values))
	}
	if len(values) == 0 {
		return "", false, nil
	}
	return values[0], true, nil
}

// idempotencyKey parses Idempotency-Key (IETF draft-07): a quoted string or
// bare, 1 to 255 visible ASCII characters.
func idempotencyKey(header http.Header) (key string, found bool, err error) {
	value, found, err := single(header, "Idempotency-Key")
	if err != nil || !found {
		return "", false, err
	}
	key = strings.TrimSpace(value)
	if strings.HasPrefix(key, `"`) {
		key, found = unquote(key)
	} else if strings.Contains(key, `"`) {
		found = false
	}
	if !found || !visible(key, 255) {
		return "", false, badRequest("Idempotency-Key must be 1 to 255 visible ASCII characters, bare or in double quotes.")
	}
	return key, true, nil
}

// unquote reads an RFC 8941 string.
func unquote(text string) (string, bool) {
	if len(text) < 2 || text[len(text)-1] != '"' {
		return "", false
	}
	var out strings.Builder
	inner := text[1 : len(text)-1]
	for i := 0; i < len(inner); i++ {
		switch inner[i] {
		case '"':
			return "", false
		case '\\':
			i++
			if i == len(inner) || inner[i] != '"' && inner[i] != '\\' {
				return "", false
			}
		}
		out.WriteByte(inner[i])
	}
	return out.String(), true
}
