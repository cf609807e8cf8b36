package playbook

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"vedette/backend/soc"
)

const head = "format: vedette.catalogue.v1\nplaybooks:\n"

// entry is a valid playbook; lines are added or replace those with the same member.
func entry(id string, lines ...string) string {
	members := []string{
		"id: " + id, "version: 1", "name: Name", "description: Does it.", "impact: low", "entity_kinds: [host]",
		"operation: host." + id, "probe: {operation: host.state, expect: done, timeout_s: 5, retries: 1}", "idempotent: true",
	}
	for _, line := range lines {
		name, _, _ := strings.Cut(line, ":")
		kept := members[:0]
		for _, m := range members {
			if !strings.HasPrefix(m, name+":") {
				kept = append(kept, m)
			}
		}
		members = kept
		if !strings.HasSuffix(line, ": -") { // "name: -" leaves the member out
			members = append(members, line)
		}
	}
	return "  - " + strings.Join(members, "\n    ") + "\n"
}

func mustLoad(t *testing.T, file string) *Catalogue {
	t.Helper()
	c, err := Load([]byte(file))
	if err != nil {
		t.Fatalf("%v\n%s", err, file)
	}
	return c
}

func class(t *testing.T, file, id string) soc.Class {
	t.Helper()
	p, ok := mustLoad(t, file).Lookup(id)
	if !ok {
		t.Fatalf("%s is not in the catalogue", id)
	}
	return p.Class
}

func TestS24ClassIsComputed(t *testing.T) {
	forward := entry("forward", "rollback: backward", "recovery_window_s: 60")
	for name, test := range map[string]struct {
		file string
		want soc.Class
	}{
		"no inverse":               {entry("forward"), soc.ClassIrreversible},
		"inverse deleted":          {forward, soc.ClassIrreversible},
		"inverse usable":           {forward + entry("backward"), soc.ClassReversible},
		"inverse without probe":    {forward + entry("backward", "probe: -"), soc.ClassIrreversible},
		"inverse of other kind":    {forward + entry("backward", "entity_kinds: [ip]"), soc.ClassIrreversible},
		"inverse the same act":     {forward + entry("backward", "operation: host.forward"), soc.ClassIrreversible},
		"inverse needs a value":    {forward + entry("backward", "parameters: [{name: why, type: string, description: Why., required: true}]"), soc.ClassIrreversible},
		"no recovery window":       {entry("forward", "rollback: backward") + entry("backward"), soc.ClassIrreversible},
		"nothing left":             {entry("forward", "undo: nothing_left"), soc.ClassReversible},
		"by others":                {entry("forward", "undo: by_others"), soc.ClassExternallyReversible},
		"only reads":               {entry("forward", "undo: nothing_done"), soc.ClassReadOnly},
		"internal":                 {entry("forward", "internal: true"), soc.ClassReadOnly},
		"stricter claim is kept":   {entry("forward", "undo: nothing_left", "class: irreversible"), soc.ClassIrreversible},
		"equal claim is redundant": {entry("forward", "class: irreversible"), soc.ClassIrreversible},
	} {
		t.Run(name, func(t *testing.T) {
			if got := class(t, head+test.file, "forward"); got != test.want {
				t.Errorf("class %s, want %s", got, test.want)
			}
		})
	}
}

func TestS24ClaimOfMilderClassIsRefused(t *testing.T) {
	for name, file := range map[string]string{
		"no inverse":      entry("forward", "class: reversible"),
		"inverse deleted": entry("forward", "rollback: backward", "recovery_window_s: 60", "class: reversible"),
		"no probe":        entry("forward", "rollback: backward", "recovery_window_s: 60", "class: reversible") + entry("backward", "probe: -"),
		"by others":       entry("forward", "undo: by_others", "class: reversible"),
		"reads nothing":   entry("forward", "undo: nothing_left", "class: read_only"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load([]byte(head + file))
			var file *FileError
			if !errors.As(err, &file) || len(file.Problems) != 1 || file.Problems[0].Path != "playbooks[0].class" || file.Problems[0].Line == 0 {
				t.Fatalf("want one problem at the class, got %v", err)
			}
		})
	}
}

func TestLoadListsEveryProblemWithItsLine(t *testing.T) {
	file := head +
		entry("one", "impact: medium", "operation: isolate") + // lines 3-11
		entry("one", "entity_kinds: [host, host]", "idempotent: -") // lines 12-19
	_, err := Load([]byte(file))
	var found *FileError
	if !errors.As(err, &found) {
		t.Fatalf("got %v", err)
	}
	var got []string
	for _, p := range found.Problems {
		line := strings.Split(file, "\n")[p.Line-1]
		got = append(got, fmt.Sprintf("%s %q", p.Path, strings.TrimSpace(line)))
	}
	want := []string{
		`playbooks[0].impact "impact: medium"`,
		`playbooks[0].operation "operation: isolate"`,
		`playbooks[1].idempotent "- id: one"`,
		`playbooks[1].id "- id: one"`,
		`playbooks[1].entity_kinds[1] "entity_kinds: [host, host]"`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, test := range map[string]struct{ file, says string }{
		"empty":                {"", "no documents"},
		"not yaml":             {"a: [", "line 2"},
		"two documents":        {head + entry("a") + "---\n" + head + entry("b"), "multiple"},
		"other format":         {"format: v2\nplaybooks:\n" + entry("a"), Format},
		"no playbooks":         {"format: " + Format + "\nplaybooks: []\n", "at least one"},
		"unknown member":       {head + entry("a", "command: rm -rf /"), "command"},
		"duplicate member":     {head + entry("a") + "    id: b\n", "already defined"},
		"alias":                {head + entry("a", "conflicts_with: &x [b]") + entry("b", "conflicts_with: *x"), "alias"},
		"merge key":            {head + "  - <<: {id: a}\n", "merge"},
		"tag":                  {head + entry("a", "name: !!str Name"), "tags"},
		"null":                 {head + entry("a", "name: ~"), "null"},
		"fraction":             {head + entry("a", "version: 1.5"), "fraction"},
		"whole fraction":       {head + entry("a", "version: 1.0"), "fraction"},
		"exponent":             {head + entry("a", "version: 1e3"), "fraction"},
		"not UTF-8":            {head + "\xff", "UTF-8"},
		"invisible name":       {head + entry("a", `name: "isolate\u200bhost"`), "printable"},
		"bidi name":            {head + entry("a", `name: "a\u202eb"`), "printable"},
		"line break":           {head + entry("a", `description: "a\nb"`), "printable"},
		"upper case id":        {head + entry("A"), "lower-case"},
		"own inverse":          {head + entry("a", "rollback: a", "recovery_window_s: 1"), "undo itself"},
		"window alone":         {head + entry("a", "recovery_window_s: 1"), "without rollback"},
		"revert after window":  {head + entry("a", "rollback: b", "recovery_window_s: 1", "auto_revert_s: 2") + entry("b"), "recovery_window_s"},
		"conflict unknown":     {head + entry("a", "conflicts_with: [b]"), "not another"},
		"undo and rollback":    {head + entry("a", "rollback: b", "undo: by_others", "recovery_window_s: 1") + entry("b"), "beside"},
		"probe timeout":        {head + entry("a", "probe: {operation: a.b, expect: c, timeout_s: 0}"), "timeout_s"},
		"float parameter":      {head + entry("a", "parameters: [{name: n, type: number, description: N.}]"), "string, integer, boolean"},
		"open integer":         {head + entry("a", "parameters: [{name: n, type: integer, description: N.}]"), "minimum and maximum"},
		"default outside":      {head + entry("a", `parameters: [{name: n, type: integer, description: N., minimum: 1, maximum: 2, default: "3"}]`), "from 1 to 2"},
		"default and required": {head + entry("a", `parameters: [{name: n, type: string, description: N., required: true, default: x}]`), "no default"},
		"default not in enum":  {head + entry("a", `parameters: [{name: n, type: string, description: N., enum: [a, b], default: c}]`), "one of a, b"},
		"parameter twice":      {head + entry("a", "parameters: [{name: n, type: string, description: N.}, {name: n, type: string, description: N.}]"), "twice"},
		"internal outside":     {head + entry("a", "internal: true", "undo: by_others"), "internal"},
		"too large":            {head + strings.Repeat("# padding\n", MaxFileSize/10), "at most"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load([]byte(test.file))
			var found *FileError
			if !errors.As(err, &found) || len(found.Problems) == 0 {
				t.Fatalf("accepted: %v", err)
			}
			if !strings.Contains(err.Error(), test.says) {
				t.Errorf("%q does not say %q", err, test.says)
			}
		})
	}
}

func TestLint(t *testing.T) {
	c := mustLoad(t, head+
		entry("bare", "probe: -")+
		entry("lost", "rollback: gone", "recovery_window_s: 9")+
		entry("blind", "rollback: bare", "recovery_window_s: 9")+
		entry("note", "internal: true"))
	var got []string
	for _, f := range c.Lint() {
		got = append(got, f.Playbook+" "+f.Code)
	}
	want := "bare no_probe, bare no_inverse, lost inverse_missing, blind inverse_without_probe"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, ", "), want)
	}
}

func TestHashCoversEveryMemberAndNoOrder(t *testing.T) {
	base := entry("a", "entity_kinds: [host, ip]")
	hash := func(file string) string { p, _ := mustLoad(t, head+file).Lookup("a"); return p.Hash }
	if hash(base) != hash(entry("a", "entity_kinds: [ip, host]")) {
		t.Error("the order of a set changed the hash")
	}
	seen := map[string]string{hash(base): "base"}
	for _, line := range []string{
		"version: 2", "name: Other", "description: Other.", "impact: high", "entity_kinds: [host]", "operation: host.other",
		"probe: {operation: host.state, expect: done, timeout_s: 6, retries: 1}", "probe: {operation: host.state, expect: done, timeout_s: 5, retries: 2}",
		"probe: -", "idempotent: false", "d3fend: D3-NI", "undo: nothing_left", "undo: by_others", "required_properties: [device_id]",
		"parameters: [{name: n, type: string, description: N.}]", "parameters: [{name: n, type: string, description: N., required: true}]",
		"parameters: [{name: n, type: string, description: N., max_length: 5}]", "rollback: b", "conflicts_with: [b]",
	} {
		changed := entry("a", "entity_kinds: [host, ip]", line)
		if strings.HasSuffix(line, "b") || strings.HasSuffix(line, "[b]") {
			changed += entry("b")
		}
		if other, taken := seen[hash(changed)]; taken {
			t.Errorf("%q has the hash of %q", line, other)
		}
		seen[hash(changed)] = line
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(ShippedFile())
	f.Add([]byte(head + entry("a", "rollback: b", "recovery_window_s: 9") + entry("b")))
	f.Add([]byte("format: &a [*a]"))
	f.Add([]byte("playbooks: [{id: a, <<: {}}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Load(data)
		var found *FileError
		if err != nil {
			if !errors.As(err, &found) || len(found.Problems) == 0 || c != nil {
				t.Fatalf("an error without problems: %v", err)
			}
			return
		}
		for _, p := range c.All() {
			if p.Class == "" || p.Hash != ContentHash(p) {
				t.Fatalf("%s: class %q, hash %s", p.ID, p.Class, p.Hash)
			}
			if _, usable := c.Inverse(p.ID); p.Class == soc.ClassReversible && p.Rollback != "" && !usable {
				t.Fatalf("%s is reversible without a usable inverse", p.ID)
			}
		}
	})
}
