package soc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonStep is one member or element on the way to a value.
type jsonStep struct {
	key   string
	index int // -1 for a key
}

// jsonPath spells a path. Keys are the caller's own text: anything but a plain
// name is quoted in ASCII and cut, so that a path can be logged and shown.
func jsonPath(steps []jsonStep) string {
	var b strings.Builder
	for _, s := range steps {
		if s.index >= 0 {
			fmt.Fprintf(&b, "[%d]", s.index)
			continue
		}
		name := s.key
		if !plainName(name) {
			name = strconv.QuoteToASCII(cut(name, 64))
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(name)
	}
	return b.String()
}

func plainName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '_' && c != '-' && c != '@' && c != '$' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return true
}

// cut shortens s to at most n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// jsonKeys finds duplicates: a list while small, a set above, so that neither
// ten members nor fifty thousand are slow.
type jsonKeys struct {
	list []string
	set  map[string]struct{}
}

func (k *jsonKeys) add(key string) bool {
	if k.set == nil {
		if slices.Contains(k.list, key) {
			return false
		}
		if k.list = append(k.list, key); len(k.list) > 12 {
			k.set = make(map[string]struct{}, 4*len(k.list))
			for _, old := range k.list {
				k.set[old] = struct{}{}
			}
		}
		return true
	}
	if _, there := k.set[key]; there {
		return false
	}
	k.set[key] = struct{}{}
	return true
}
