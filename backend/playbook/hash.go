package playbook

import (
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
)

// record is what a playbook is, with the names of safety.md section 1.
type record struct {
	AutoRevert         int64             `json:"auto_revert_s,omitempty"`
	Class              soc.Class         `json:"class"`
	ConflictsWith      []string          `json:"conflicts_with,omitempty"`
	D3FEND             string            `json:"d3fend_id,omitempty"`
	Description        string            `json:"description"`
	EntityKinds        []soc.EntityKind  `json:"entity_types"`
	Idempotent         bool              `json:"idempotent"`
	Impact             soc.Impact        `json:"impact"`
	Internal           bool              `json:"internal"`
	Name               string            `json:"name"`
	Operation          string            `json:"operation"`
	Parameters         []recordParameter `json:"params_schema,omitempty"`
	ID                 string            `json:"playbook_id"`
	RecoveryWindow     int64             `json:"recovery_window_s,omitempty"`
	RequiredProperties []string          `json:"required_properties,omitempty"`
	Rollback           string            `json:"rollback_playbook_id,omitempty"`
	Probe              *recordProbe      `json:"verify,omitempty"`
	Version            int               `json:"version"`
}

type recordParameter struct {
	Default     string   `json:"default,omitempty"`
	Description string   `json:"description"`
	Enum        []string `json:"enum,omitempty"`
	MaxLength   int      `json:"max_length,omitempty"`
	Maximum     int64    `json:"maximum,omitempty"`
	Minimum     int64    `json:"minimum,omitempty"`
	Name        string   `json:"name"`
	Required    bool     `json:"required"`
	Type        string   `json:"type"`
}

type recordProbe struct {
	Expect  string `json:"expect"`
	Probe   string `json:"probe"`
	Retries int    `json:"retries"`
	Timeout int64  `json:"timeout_s"`
}

// Canonical returns the RFC 8785 JSON of every field of p but its hash. Lists
// that are sets are sorted, so that only their content counts.
func Canonical(p soc.Playbook) []byte {
	r := record{
		AutoRevert: seconds(p.AutoRevert), Class: p.Class, ConflictsWith: sorted(p.ConflictsWith), D3FEND: p.D3FEND,
		Description: p.Description, EntityKinds: sorted(p.EntityKinds), Idempotent: p.Idempotent, Impact: p.Impact,
		Internal: p.Internal, Name: p.Name, Operation: p.Operation, ID: p.ID, RecoveryWindow: seconds(p.RecoveryWindow),
		RequiredProperties: sorted(p.RequiredProperties), Rollback: p.Rollback, Version: p.Version,
	}
	for _, q := range p.Parameters {
		r.Parameters = append(r.Parameters, recordParameter{
			Default: q.Default, Description: q.Description, Enum: sorted(q.Enum), MaxLength: q.MaxLength,
			Maximum: q.Maximum, Minimum: q.Minimum, Name: q.Name, Required: q.Required, Type: q.Type,
		})
	}
	slices.SortFunc(r.Parameters, func(a, b recordParameter) int { return strings.Compare(a.Name, b.Name) })
	if p.Probe != nil {
		r.Probe = &recordProbe{
			Expect: p.Probe.Expect, Probe: p.Probe.Operation, Retries: p.Probe.Retries, Timeout: seconds(p.Probe.Timeout),
		}
	}
	canonical, err := soc.CanonicalRecord(r)
	if err != nil {
		panic(err) // a struct of strings, integers and booleans always encodes
	}
	return canonical
}

// The domains keep these digests apart from every other kind of digest.
const (
	playbookDomain  = "vedette-playbook-v1"
	catalogueDomain = "vedette-catalogue-v1"
)

// ContentHash is soc.DigestOf over Canonical. Approvals are bound to it.
func ContentHash(p soc.Playbook) string { return soc.DigestOf(playbookDomain, Canonical(p)) }

// catalogueHash covers all playbooks in id order.
func (c *Catalogue) catalogueHash() string {
	var b strings.Builder
	for _, id := range c.IDs() {
		b.WriteString(id + " " + c.ordered[c.byID[id]].Hash + "\n")
	}
	return soc.DigestOf(catalogueDomain, []byte(b.String()))
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

func sorted[S ~string](s []S) []S {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}
