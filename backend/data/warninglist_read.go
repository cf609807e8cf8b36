package data

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// listHeader is the line before the entries of a list.
type listHeader struct {
	ID      string   `json:"id"`
	Type    string   `json:"type"`    // cidr, string, hostname, substring, regex
	Matches []string `json:"matches"` // ip, domain, mail, hash
	Version int      `json:"version"`
	Entries int      `json:"entries"`
	Name    string   `json:"name"`
}

// readWarningLists reads the packed file: per list a header line in JSON, then
// its entries, one a line.
func readWarningLists(packed io.Reader, groups []byte) (*WarningListIndex, error) {
	groupOf, err := readGroups(groups)
	if err != nil {
		return nil, err
	}
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("warning lists: %w", err)
	}
	x := &WarningListIndex{}
	lines := bufio.NewScanner(unpacked)
	for lines.Scan() {
		var header listHeader
		if err := json.Unmarshal(lines.Bytes(), &header); err != nil {
			return nil, fmt.Errorf("warning lists: header after %d lists: %w", len(x.lists), err)
		}
		group, grouped := groupOf[header.ID]
		if !grouped || len(x.lists) > 255 {
			return nil, fmt.Errorf("warning lists: %s has no group, or there are more than 256 lists", header.ID)
		}
		x.lists = append(x.lists, WarningList{header.ID, header.Name, group, header.Version, header.Entries})
		for range header.Entries {
			if !lines.Scan() {
				return nil, fmt.Errorf("warning lists: %s: %w", header.ID, io.ErrUnexpectedEOF)
			}
			if err := x.add(header, lines.Text()); err != nil {
				return nil, fmt.Errorf("warning lists: %s: %w", header.ID, err)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("warning lists: %w", err)
	}
	if len(groupOf) != len(x.lists) {
		return nil, errors.New("warning lists: a group names a list that is not there")
	}
	x.sort()
	return x, nil
}

// readGroups turns {group: [list]} around.
func readGroups(file []byte) (map[string]string, error) {
	var groups map[string][]string
	if err := json.Unmarshal(file, &groups); err != nil {
		return nil, fmt.Errorf("warning list groups: %w", err)
	}
	groupOf := map[string]string{}
	for group, lists := range groups {
		for _, list := range lists {
			if other, twice := groupOf[list]; twice {
				return nil, fmt.Errorf("warning list groups: %s is in %s and %s", list, other, group)
			}
			groupOf[list] = group
		}
	}
	return groupOf, nil
}

// add indexes one entry. MISP's substring lists are matched as names with
// everything below them: as true substrings they would match
// virustotal.com.attacker.example.
func (x *WarningListIndex) add(header listHeader, entry string) error {
	list := uint8(len(x.lists) - 1) //nolint:gosec // at most 256 lists
	matches := func(what string) bool { return slices.Contains(header.Matches, what) }
	if header.Type == "regex" {
		pattern, err := regexp.Compile(goPattern(entry))
		if err != nil || !matches("mail") {
			return fmt.Errorf("pattern %q: %w", entry, err)
		}
		x.mailPattern = append(x.mailPattern, listPattern{pattern, list})
		return nil
	}
	if matches("ip") {
		if prefix, err := parseRange(entry); err == nil {
			x.ranges = append(x.ranges, listRange{prefix, list})
			return nil
		} else if header.Type == "cidr" {
			return err
		}
	}
	entry = strings.ToLower(entry)
	if matches("hash") {
		x.exact = append(x.exact, listKey{keyOf("hash", entry), list})
	}
	name, below := strings.CutPrefix(foldName(entry), ".")
	if matches("mail") {
		x.mailHosts = append(x.mailHosts, listKey{keyOf("mail", name), list})
	}
	if matches("domain") {
		if below || header.Type != "string" {
			x.suffix = append(x.suffix, listKey{keyOf("domain", name), list})
		} else {
			x.exact = append(x.exact, listKey{keyOf("domain", name), list})
		}
	}
	return nil
}

// parseRange reads a range or a single address.
func parseRange(entry string) (netip.Prefix, error) {
	if !strings.Contains(entry, "/") {
		address, err := netip.ParseAddr(entry)
		if err != nil {
			return netip.Prefix{}, err
		}
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(entry)
	return prefix.Masked(), err
}

// goPattern turns MISP's /pattern/i into RE2's (?i)pattern.
func goPattern(entry string) string {
	body, flags := entry, ""
	if end := strings.LastIndexByte(entry, '/'); strings.HasPrefix(entry, "/") && end > 0 {
		body, flags = entry[1:end], entry[end+1:]
	}
	if strings.Contains(flags, "i") {
		body = "(?i)" + body
	}
	return body
}

// sort brings the index into the order that lookups need and gives back what
// growing left over.
func (x *WarningListIndex) sort() {
	slices.SortFunc(x.ranges, func(a, b listRange) int {
		return cmp.Or(comparePrefix(a.prefix, b.prefix), cmp.Compare(a.list, b.list))
	})
	x.ranges = slices.Clone(x.ranges)
	four, six := map[int]bool{}, map[int]bool{}
	for _, r := range x.ranges {
		if r.prefix.Addr().Is4() {
			four[r.prefix.Bits()] = true
		} else {
			six[r.prefix.Bits()] = true
		}
	}
	x.bits4, x.bits6 = sortedKeys(four), sortedKeys(six)
	for _, keys := range []*[]listKey{&x.exact, &x.suffix, &x.mailHosts} {
		slices.SortFunc(*keys, func(a, b listKey) int {
			return cmp.Or(bytes.Compare(a.sum[:], b.sum[:]), cmp.Compare(a.list, b.list))
		})
		*keys = slices.Clone(*keys)
	}
}

func sortedKeys(set map[int]bool) []int {
	var keys []int
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
