package soc

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// MaxExtracted is how many observables are taken from one raw payload.
const MaxExtracted = 500

// extractBytes is how much of one text is looked at for values.
const extractBytes = 16 << 10

// extraction collects the values found in a payload.
type extraction struct {
	found []Observable
	seen  map[string]bool
	full  bool
}

// ExtractObservables finds values in a raw payload: addresses, URLs, mail
// addresses and hashes wherever they stand in a text, and hosts, accounts,
// domains, files, processes and registry keys where a member is named so. All
// are parsed, with the path of the text; at most MaxExtracted, in the order of
// the payload, each value once.
//
// It reads attacker-written text: every pattern is RE2, so time is linear.
func ExtractObservables(raw []byte) []Observable {
	payload, _, err := ParsePayload(raw)
	if err != nil {
		return nil
	}
	x := &extraction{seen: map[string]bool{}}
	x.walk(nil, payload)
	return x.found
}

func (x *extraction) walk(path []jsonStep, v Payload) {
	switch {
	case x.full:
	case v.IsObject():
		for _, m := range v.Members() {
			x.walk(append(path, jsonStep{key: m.Name, index: -1}), m.Value)
		}
	case v.IsArray():
		for i, item := range v.Items() {
			x.walk(append(path, jsonStep{index: i}), item)
		}
	case v.IsText():
		x.text(path, v.Text())
	}
}

// text looks at one text of the payload.
func (x *extraction) text(path []jsonStep, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	if kind, named := kindOfMember(path); named && x.whole(path, kind, text) {
		return
	}
	text = refang(cut(text, extractBytes))
	if strings.Contains(text, "://") {
		for _, url := range urlPattern.FindAllString(text, MaxExtracted) {
			x.add(path, KindURL, strings.TrimRight(url, ".,;:!?)]}'"), url)
		}
	}
	if strings.Contains(text, "@") {
		for _, address := range mailPattern.FindAllString(text, MaxExtracted) {
			x.add(path, KindMailbox, address, address)
		}
	}
	for _, word := range strings.FieldsFunc(text, between) {
		x.word(path, word)
	}
}

// whole takes a text as one value of the kind that its member is named after.
func (x *extraction) whole(path []jsonStep, kind EntityKind, text string) bool {
	if len(text) > MaxEntityValue || strings.ContainsAny(text, "\n\r\t") {
		return false
	}
	value, valid := CanonicalValue(kind, text)
	if !valid || kind == KindDomain && (!strings.Contains(value, ".") || strings.Contains(value, "*")) {
		return false
	}
	if kind == KindHost || kind == KindDomain { // an address in a host's place is an address
		if _, err := netip.ParseAddr(value); err == nil {
			kind = KindIP
		}
	}
	x.add(path, kind, value, text)
	return true
}

// word looks whether one word is an address or a hash.
func (x *extraction) word(path []jsonStep, word string) {
	word = strings.Trim(word, ".:")
	switch n := len(word); {
	case n < 4 || n > 128:
	case n <= 45 && strings.Contains(word, ".") && strings.Count(word, ".") == 3 || n <= 45 && strings.Count(word, ":") >= 2:
		if address, err := netip.ParseAddr(word); err == nil {
			x.add(path, KindIP, address.String(), word)
		} else if host, port, cut := strings.Cut(word, ":"); cut && strings.Trim(port, "0123456789") == "" {
			if _, err := netip.ParseAddr(host); err == nil {
				x.add(path, KindIP, host, word)
			}
		}
	case n == 32 || n == 40 || n == 64 || n == 128:
		if HashAlgorithm(word) != "" && strings.ContainsAny(word, "0123456789") && strings.ContainsAny(strings.ToLower(word), "abcdef") {
			x.add(path, KindFileHash, word, word)
		}
	}
}

// between tells what stands between words.
func between(r rune) bool {
	return r <= ' ' || strings.ContainsRune(`"'<>()[]{},;|=&/\?#@`+"`", r) || r == '\u00a0'
}

func (x *extraction) add(path []jsonStep, kind EntityKind, text, sent string) {
	value, valid := CanonicalValue(kind, text)
	key := string(kind) + "\x00" + value
	if !valid || x.seen[key] || x.full {
		return
	}
	x.seen[key] = true
	x.found = append(x.found, Observable{
		Kind: kind, Value: value, Valid: true, Provenance: ProvenanceParsed, Field: fmt.Sprintf("raw.%s", jsonPath(path)), Sent: cut(sent, MaxEntityValue),
	})
	x.full = len(x.found) == MaxExtracted
}

var (
	urlPattern  = regexp.MustCompile("(?i)\\b(?:h(?:tt|xx)ps?|ftps?)://[^\\s\"'<>\\\\^`{|}]{3,1000}")
	mailPattern = regexp.MustCompile(`[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}`)
)

// memberKinds are the names, folded, whose whole text is a value of a kind.
var memberKinds = map[string]EntityKind{
	"host": KindHost, "hostname": KindHost, "computer": KindHost, "computername": KindHost, "device": KindHost, "devicename": KindHost,
	"machinename": KindHost, "workstation": KindHost, "workstationname": KindHost, "dvchost": KindHost, "srchost": KindHost, "dsthost": KindHost,
	"user": KindAccount, "username": KindAccount, "account": KindAccount, "accountname": KindAccount, "upn": KindAccount,
	"userprincipalname": KindAccount, "targetusername": KindAccount, "subjectusername": KindAccount, "srcuser": KindAccount, "dstuser": KindAccount,
	"domain": KindDomain, "fqdn": KindDomain, "dnsquery": KindDomain, "queryname": KindDomain, "rrname": KindDomain, "sni": KindDomain, "servername": KindDomain,
	"process": KindProcess, "processname": KindProcess, "image": KindProcess, "parentimage": KindProcess,
	"filename": KindFile, "filepath": KindFile, "targetfilename": KindFile,
	"registrykey": KindRegistryKey,
}

// kindOfMember is the kind that the innermost name on the path stands for.
func kindOfMember(path []jsonStep) (EntityKind, bool) {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i].index < 0 {
			kind, named := memberKinds[foldedName(path[i].key)]
			return kind, named
		}
	}
	return "", false
}

// foldedName is a member's name in lower case without what joins its words.
func foldedName(name string) string {
	if len(name) > 64 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == '_' || r == '-' || r == '.' || r == ' ':
			return -1
		}
		return r
	}, name)
}
