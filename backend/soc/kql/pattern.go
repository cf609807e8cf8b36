package kql

import (
	"container/list"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
	"unicode"
)

const (
	// maxPattern is the longest pattern, in bytes, and maxProgram what it may
	// become: RE2 counts repetitions as copies.
	maxPattern = 512
	maxProgram = 2000
)

// CheckPattern says why a pattern cannot be used.
func CheckPattern(pattern string) error {
	if len(pattern) > maxPattern {
		return fmt.Errorf("it has more than %d bytes", maxPattern)
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return err
	}
	if len(program.Inst) > maxProgram {
		return fmt.Errorf("it is made of more than %d steps", maxProgram)
	}
	_, err = PostgresPattern(pattern)
	return err
}

// patterns keeps the compiled patterns of the queries that run.
var patterns = struct {
	sync.Mutex
	known  map[string]*list.Element
	recent *list.List
}{known: map[string]*list.Element{}, recent: list.New()}

// keptPatterns bounds patterns.
const keptPatterns = 64

type keptPattern struct {
	text     string
	compiled *regexp.Regexp
}

func compilePattern(pattern string) (*regexp.Regexp, error) {
	patterns.Lock()
	defer patterns.Unlock()
	if kept := patterns.known[pattern]; kept != nil {
		patterns.recent.MoveToFront(kept)
		return kept.Value.(keptPattern).compiled, nil
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	patterns.known[pattern] = patterns.recent.PushFront(keptPattern{pattern, compiled})
	if oldest := patterns.recent.Back(); patterns.recent.Len() > keptPatterns {
		patterns.recent.Remove(oldest)
		delete(patterns.known, oldest.Value.(keptPattern).text)
	}
	return compiled, nil
}

// Match reports whether text matches an RE2 pattern somewhere.
func Match(text, pattern string) (bool, error) {
	compiled, err := compilePattern(pattern)
	if err != nil {
		return false, err
	}
	return compiled.MatchString(text), nil
}

// PostgresPattern writes an RE2 pattern as one of PostgreSQL's (advanced regular
// expressions) that matches the same texts. Whether a text matches at all
// does not depend on which of several matches an engine prefers, so that
// what is regular means the same; classes, case and lines are written out,
// and nothing is left to a locale.
func PostgresPattern(pattern string) (string, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("***:")
	writePattern(&b, tree.Simplify())
	if b.Len() > 64*maxPattern {
		return "", errors.New("it is too large when it is written out")
	}
	return b.String(), nil
}

// Pieces of PostgreSQL's syntax.
const (
	nothing    = `(?!)`
	wordClass  = `[0-9A-Za-z_]`
	wordBreak  = `(?:(?<=` + wordClass + `)(?!` + wordClass + `)|(?<!` + wordClass + `)(?=` + wordClass + `))`
	wordInside = `(?:(?<=` + wordClass + `)(?=` + wordClass + `)|(?<!` + wordClass + `)(?!` + wordClass + `))`
)

func writePattern(b *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpNoMatch:
		b.WriteString(nothing)
	case syntax.OpEmptyMatch:
		b.WriteString(`(?:)`)
	case syntax.OpLiteral:
		for _, c := range re.Rune {
			writeLiteral(b, c, re.Flags&syntax.FoldCase != 0)
		}
	case syntax.OpCharClass:
		writeClass(b, re.Rune)
	case syntax.OpAnyCharNotNL:
		b.WriteString(`[^\n]`)
	case syntax.OpAnyChar:
		b.WriteString(`(?:[^\n]|\n)`)
	case syntax.OpBeginLine:
		b.WriteString(`(?:\A|(?<=\n))`)
	case syntax.OpEndLine:
		b.WriteString(`(?:\Z|(?=\n))`)
	case syntax.OpBeginText:
		b.WriteString(`(?:\A)`)
	case syntax.OpEndText:
		b.WriteString(`(?:\Z)`)
	case syntax.OpWordBoundary:
		b.WriteString(wordBreak)
	case syntax.OpNoWordBoundary:
		b.WriteString(wordInside)
	case syntax.OpCapture:
		writePattern(b, re.Sub[0])
	case syntax.OpConcat:
		b.WriteString(`(?:`)
		for _, sub := range re.Sub {
			writePattern(b, sub)
		}
		b.WriteString(`)`)
	case syntax.OpAlternate:
		b.WriteString(`(?:`)
		for n, sub := range re.Sub {
			if n > 0 {
				b.WriteByte('|')
			}
			writePattern(b, sub)
		}
		b.WriteString(`)`)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest:
		writeRepeat(b, re)
	}
}

// writeRepeat leaves out repetitions of what matches no character, which
// PostgreSQL refuses: none or one says the same.
func writeRepeat(b *strings.Builder, re *syntax.Regexp) {
	if !consumes(re.Sub[0]) {
		if re.Op == syntax.OpPlus {
			writePattern(b, re.Sub[0])
		} else {
			b.WriteString(`(?:)`)
		}
		return
	}
	b.WriteString(`(?:`)
	writePattern(b, re.Sub[0])
	b.WriteString(`)`)
	b.WriteString(map[syntax.Op]string{syntax.OpStar: "*", syntax.OpPlus: "+", syntax.OpQuest: "?"}[re.Op])
}

// consumes reports whether a pattern can match a character.
func consumes(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune) > 0
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return true
	}
	for _, sub := range re.Sub {
		if consumes(sub) {
			return true
		}
	}
	return false
}

func writeLiteral(b *strings.Builder, c rune, fold bool) {
	if !fold || unicode.SimpleFold(c) == c {
		writeRune(b, c)
		return
	}
	class := []rune{c, c}
	for other := unicode.SimpleFold(c); other != c; other = unicode.SimpleFold(other) {
		class = append(class, other, other)
	}
	writeClass(b, class)
}

func writeClass(b *strings.Builder, ranges []rune) {
	var inside strings.Builder
	for n := 0; n+1 < len(ranges); n += 2 {
		low, high := max(ranges[n], 1), min(ranges[n+1], unicode.MaxRune)
		if low > high {
			continue
		}
		writeRune(&inside, low)
		if high > low {
			inside.WriteByte('-')
			writeRune(&inside, high)
		}
	}
	if inside.Len() == 0 {
		b.WriteString(nothing)
		return
	}
	b.WriteString("[" + inside.String() + "]")
}

// writeRune writes letters and digits as they are and the rest by number.
func writeRune(b *strings.Builder, c rune) {
	if c < 128 && alphanumeric(byte(c)) {
		b.WriteRune(c)
		return
	}
	fmt.Fprintf(b, `\U%08X`, c)
}

// PostgresHas is Has as a pattern of PostgreSQL.
func PostgresHas(sought string) string {
	if sought == "" {
		return "***:"
	}
	var b strings.Builder
	b.WriteString(`***:(?<![0-9A-Za-z])`)
	for _, c := range sought {
		writeRune(&b, c)
	}
	b.WriteString(`(?![0-9A-Za-z])`)
	return b.String()
}
