package soc

import (
	"regexp"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// lookAlikes are Cyrillic and Greek letters drawn like Latin ones (the common
// part of Unicode TR 39's confusables).
var lookAlikes = map[rune]rune{
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'ё': 'e', 'ҽ': 'e', 'һ': 'h', 'і': 'i', 'ї': 'i', 'ј': 'j', 'к': 'k', 'ӏ': 'l',
	'м': 'm', 'п': 'n', 'о': 'o', 'р': 'p', 'ԛ': 'q', 'г': 'r', 'ѕ': 's', 'т': 't', 'ц': 'u', 'ѵ': 'v', 'ԝ': 'w', 'х': 'x', 'у': 'y',
	'А': 'A', 'В': 'B', 'С': 'C', 'Е': 'E', 'Н': 'H', 'І': 'I', 'Ј': 'J', 'К': 'K', 'М': 'M', 'О': 'O', 'Р': 'P', 'Ѕ': 'S', 'Т': 'T',
	'Х': 'X', 'У': 'Y', 'Ԛ': 'Q', 'Ԝ': 'W', 'З': '3',
	'α': 'a', 'ε': 'e', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x', 'γ': 'y', 'η': 'n',
	'Α': 'A', 'Β': 'B', 'Ε': 'E', 'Ζ': 'Z', 'Η': 'H', 'Ι': 'I', 'Κ': 'K', 'Μ': 'M', 'Ν': 'N', 'Ο': 'O', 'Ρ': 'P', 'Τ': 'T', 'Υ': 'Y', 'Χ': 'X',
}

// spelled is a text reduced to what it says: Latin letters and digits in lower
// case, one space between words, look-alikes replaced, invisible characters
// gone, tag characters turned back into the letters they stand for, accents
// dropped, camelCase split. at maps a position back to the text's bytes.
type spelled struct {
	words string
	pos   []int // start of each word in words
	from  []int // its byte offset in the text
}

func (s spelled) at(i int) int {
	n := sort.SearchInts(s.pos, i+1) - 1
	if n < 0 {
		return 0
	}
	return s.from[n]
}

func spell(text string) spelled {
	s := spelled{}
	out := make([]byte, 0, len(text))
	gap, lower := true, false
	add := func(r rune, i int) {
		upper := 'A' <= r && r <= 'Z'
		if gap || (upper && lower) {
			if len(out) > 0 {
				out = append(out, ' ')
			}
			s.pos, s.from = append(s.pos, len(out)), append(s.from, i)
		}
		gap, lower = false, !upper && (r < '0' || r > '9')
		if upper {
			r += 'a' - 'A'
		}
		out = append(out, byte(r))
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			add(r, i)
		case r == '\'', r == '’':
		case r < utf8.RuneSelf:
			gap = true
		case 0xE0000 <= r && r <= 0xE007F:
			if c := r - 0xE0000; c > 0x20 && c < 0x7F && wordRune(c) {
				add(c, i)
			} else {
				gap = true
			}
		case lookAlikes[r] != 0:
			add(lookAlikes[r], i)
		case actsOnReader(r), unicode.Is(unicode.Mn, r):
		default:
			known := false
			for _, c := range norm.NFKD.String(string(r)) {
				if l := lookAlikes[c]; l != 0 {
					c = l
				}
				if c < utf8.RuneSelf && wordRune(c) && c != '_' {
					add(c, i)
					known = true
				}
			}
			gap = gap || !known
		}
		i += size
	}
	s.words = string(out)
	return s
}

// wordRule matches on the spelled text. all lists word sets, each of which
// must be there with one of its words; without that the pattern is not tried,
// which keeps ordinary text cheap.
type wordRule struct {
	rule    string
	all     []string
	pattern string
	search  *regexp.Regexp
	mask    uint64
}

var (
	wordRules = compileWordRules(hostileWordRules)
	wordBits  map[string]uint64
)

func compileWordRules(rules []wordRule) []wordRule {
	wordBits = map[string]uint64{}
	bits := map[string]uint64{}
	for i := range rules {
		r := &rules[i]
		r.search = regexp.MustCompile(r.pattern)
		for _, set := range r.all {
			if bits[set] == 0 {
				if len(bits) == 64 {
					panic("soc: more than 64 word sets in the hostile rules")
				}
				bits[set] = 1 << len(bits)
				for _, w := range strings.Fields(set) {
					wordBits[w] |= bits[set]
				}
			}
			r.mask |= bits[set]
		}
	}
	return rules
}

func (d *hostileDetector) words(text string) {
	s := spell(text)
	var have uint64
	for i, start := range s.pos {
		end := len(s.words)
		if i+1 < len(s.pos) {
			end = s.pos[i+1] - 1
		}
		have |= wordBits[s.words[start:end]]
	}
	if have == 0 {
		return
	}
	for i := range wordRules {
		r := &wordRules[i]
		if have&r.mask != r.mask {
			continue
		}
		if at := r.search.FindStringIndex(s.words); at != nil {
			d.flag(r.rule, s.at(at[0]))
		}
	}
}
