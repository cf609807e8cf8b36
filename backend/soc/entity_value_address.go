package soc

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// canonicalURL touches only what RFC 3986 section 6.2.2.1 says is without
// case, plus the empty path: everything after the authority may carry meaning
// for the server that answers, so it stays byte for byte.
func canonicalURL(s string) (string, bool) {
	s = trim(s)
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return "", false
	}
	scheme, rest, found := strings.Cut(s, "://")
	if !found {
		scheme, rest, found = strings.Cut(s, "[://]")
	}
	if !found {
		host, tail := splitAuthority(s)
		authority, ok := canonicalAuthority(host)
		if !ok || !strings.Contains(authority, ".") {
			return "", false
		}
		return authority + tail, true
	}
	scheme = strings.ToLower(scheme)
	switch scheme {
	case "hxxp", "hxxps":
		scheme = "http" + scheme[4:]
	}
	if !validScheme(scheme) {
		return "", false
	}
	host, tail := splitAuthority(rest)
	authority, ok := canonicalAuthority(host)
	if !ok {
		return "", false
	}
	if scheme == "http" || scheme == "https" {
		authority = dropDefaultPort(scheme, authority)
		if tail == "" || tail[0] != '/' {
			tail = "/" + tail
		}
	}
	return scheme + "://" + authority + tail, true
}

func validScheme(s string) bool {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}

// splitAuthority cuts at the first character that ends an authority. A
// bracket pair holds an IPv6 address or a defanged dot and does not end it.
func splitAuthority(s string) (authority, tail string) {
	if i := strings.IndexAny(s, `/?#\`); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func dropDefaultPort(scheme, authority string) string {
	if scheme == "https" {
		return strings.TrimSuffix(authority, ":443")
	}
	return strings.TrimSuffix(authority, ":80")
}

func canonicalAuthority(s string) (string, bool) {
	user := ""
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		user, s = s[:i+1], s[i+1:]
	}
	s = refang(s)
	port := ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") && strings.Count(s, ":") <= 1 || strings.Contains(s, "]:") {
		i = strings.LastIndexByte(s, ':')
		port, s = s[i:], s[:i]
		if strings.Trim(port[1:], "0123456789") != "" || len(port) > 6 {
			return "", false
		}
		if port == ":" {
			port = ""
		}
	}
	if ip, ok := canonicalIP(s); ok {
		if strings.Contains(ip, ":") {
			ip = "[" + ip + "]"
		}
		return user + ip + port, true
	}
	domain, ok := canonicalDomain(s)
	if !ok {
		return "", false
	}
	return user + domain + port, true
}

// canonicalDomain returns the A-form of a name: NFKC, lower case, punycode per
// label (RFC 3492). Labels that already start with xn-- are kept unchecked,
// because a resolver saw them that way.
func canonicalDomain(s string) (string, bool) {
	s = foldText(refang(trim(s)))
	s = strings.Map(func(r rune) rune {
		if r == '。' || r == '．' || r == '｡' {
			return '.'
		}
		return r
	}, s)
	s = strings.Trim(refang(s), ".")
	if s == "" {
		return "", false
	}
	labels := strings.Split(s, ".")
	for i, label := range labels {
		ascii, ok := asciiLabel(label)
		if !ok {
			return "", false
		}
		labels[i] = ascii
	}
	if s = strings.Join(labels, "."); len(s) > 253 {
		return "", false
	}
	return s, true
}

func asciiLabel(label string) (string, bool) {
	ascii := true
	for _, r := range label {
		switch {
		case r >= utf8.RuneSelf:
			if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r) && r != '\u00B7' {
				return "", false
			}
			ascii = false
		case r == '-', r == '_', r == '*', 'a' <= r && r <= 'z', '0' <= r && r <= '9':
		default:
			return "", false
		}
	}
	if !ascii {
		// Punycode is quadratic; a label over 63 characters is invalid anyway.
		if utf8.RuneCountInString(label) > 63 {
			return "", false
		}
		label = "xn--" + punycode(norm.NFC.String(label))
	}
	return label, label != "" && len(label) <= 63
}

// punycode is the encoder of RFC 3492 section 6.3 with the parameters of
// section 5.
func punycode(s string) string {
	const base, tMin, tMax, skew, damp, initialBias, initialN = 36, 1, 26, 38, 700, 72, 128
	input := []rune(s)
	out := make([]byte, 0, len(s))
	for _, r := range input {
		if r < initialN {
			out = append(out, byte(r))
		}
	}
	basic := len(out)
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias := rune(initialN), 0, initialBias
	for handled := basic; handled < len(input); {
		next := rune(unicode.MaxRune)
		for _, r := range input {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (handled + 1)
		n = next
		for _, r := range input {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := base; ; k += base {
				t := min(max(k-bias, tMin), tMax)
				if q < t {
					break
				}
				out = append(out, punycodeDigit(t+(q-t)%(base-t)))
				q = (q - t) / (base - t)
			}
			out = append(out, punycodeDigit(q))
			if handled == basic {
				delta /= damp
			} else {
				delta /= 2
			}
			delta += delta / (handled + 1)
			k := 0
			for delta > ((base-tMin)*tMax)/2 {
				delta /= base - tMin
				k += base
			}
			bias = k + (base-tMin+1)*delta/(delta+skew)
			delta = 0
			handled++
		}
		delta++
		n++
	}
	return string(out)
}

func punycodeDigit(d int) byte {
	if d < 26 {
		return byte('a' + d)
	}
	return byte('0' + d - 26)
}
