package data

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // the lists
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed warninglists/lists.txt.gz
var warningListFile []byte

//go:embed warninglists/groups.json
var warningListGroups []byte

// WarningList describes one list.
type WarningList struct {
	ID   string
	Name string
	// Group is the word of warninglists/groups.json: what kind of list it is.
	Group   string
	Version int
	Entries int
}

// WarningListIndex looks values up in all lists. It is read only and safe for
// concurrent use. Text entries are kept as truncated SHA-256 sums: half the
// memory of the strings, and nobody can forge a value that collides.
type WarningListIndex struct {
	lists  []WarningList
	ranges []listRange
	// bits are the prefix lengths that occur, per family.
	bits4, bits6 []int
	exact        []listKey // domains and hashes that match as they are
	suffix       []listKey // domains that match with every name below them
	mailHosts    []listKey // mail domains
	mailPattern  []listPattern
}

type listRange struct {
	prefix netip.Prefix
	list   uint8
}

type listKey struct {
	sum  [16]byte
	list uint8
}

type listPattern struct {
	pattern *regexp.Regexp
	list    uint8
}

// WarningLists returns the index of the embedded lists, built on first use.
var WarningLists = sync.OnceValue(func() *WarningListIndex {
	index, err := readWarningLists(bytes.NewReader(warningListFile), warningListGroups)
	if err != nil {
		panic(err) // the embedded file is part of the build and tested
	}
	return index
})

// Lists returns what is in the index. This order is the order of all answers.
func (x *WarningListIndex) Lists() []WarningList { return slices.Clone(x.lists) }

// Address returns the lists an IP address is on.
func (x *WarningListIndex) Address(address netip.Addr) []WarningList {
	address = address.Unmap().WithZone("")
	bits := x.bits6
	if address.Is4() {
		bits = x.bits4
	}
	var found []uint8
	for _, n := range bits {
		prefix, err := address.Prefix(n)
		if err != nil {
			return nil
		}
		i, _ := slices.BinarySearchFunc(x.ranges, prefix, func(r listRange, p netip.Prefix) int { return comparePrefix(r.prefix, p) })
		for ; i < len(x.ranges) && x.ranges[i].prefix == prefix; i++ {
			found = append(found, x.ranges[i].list)
		}
	}
	return x.named(found)
}

// Domain returns the lists a host name is on. Names match whole
// labels only: evil-example.com is not below example.com.
func (x *WarningListIndex) Domain(name string) []WarningList {
	name = foldName(name)
	if name == "" {
		return nil
	}
	found := find(x.exact, "domain", name)
	for part := name; part != ""; part = parent(part) {
		found = append(found, find(x.suffix, "domain", part)...)
	}
	return x.named(found)
}

// Hash returns the lists a file hash (hex) is on.
func (x *WarningListIndex) Hash(hash string) []WarningList {
	return x.named(find(x.exact, "hash", strings.ToLower(strings.TrimSpace(hash))))
}

// Mail returns the lists a mail address or its domain is on.
func (x *WarningListIndex) Mail(address string) []WarningList {
	address = strings.ToLower(strings.TrimSpace(address))
	at := strings.LastIndexByte(address, '@')
	host := foldName(address[at+1:])
	if at < 0 || host == "" {
		return nil
	}
	var found []uint8
	for part := host; part != ""; part = parent(part) {
		found = append(found, find(x.mailHosts, "mail", part)...)
	}
	for _, p := range x.mailPattern {
		if p.pattern.MatchString(address) {
			found = append(found, p.list)
		}
	}
	return x.named(found)
}

func (x *WarningListIndex) named(found []uint8) []WarningList {
	if len(found) == 0 {
		return nil
	}
	slices.Sort(found)
	found = slices.Compact(found)
	lists := make([]WarningList, len(found))
	for i, list := range found {
		lists[i] = x.lists[list]
	}
	return lists
}

// foldName lowers a host name and drops the root's dot.
func foldName(name string) string {
	return strings.TrimSuffix(strings.ToLower(strings.TrimSpace(name)), ".")
}

// parent is the name without its first label.
func parent(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	return rest
}

func keyOf(space, value string) (key [16]byte) {
	sum := sha256.Sum256([]byte(space + "\x00" + value))
	copy(key[:], sum[:])
	return key
}

func find(keys []listKey, space, value string) []uint8 {
	sum := keyOf(space, value)
	i, _ := slices.BinarySearchFunc(keys, sum, func(k listKey, want [16]byte) int { return bytes.Compare(k.sum[:], want[:]) })
	var found []uint8
	for ; i < len(keys) && keys[i].sum == sum; i++ {
		found = append(found, keys[i].list)
	}
	return found
}

func comparePrefix(a, b netip.Prefix) int {
	return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
}
