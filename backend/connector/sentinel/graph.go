package sentinel

import (
	"strings"
	"time"

	"vedette/backend/soc"
)

// graph turns the Entities column into entities and evidence. Objects carry
// "$id" and stand in for each other as {"$ref": id}; they nest (a process holds
// its image, its parent, its account).
type graph struct {
	*soc.AlertDraft
	provider  string
	scheduled bool
	roots     soc.Payload
	byID      map[string]soc.Payload
	refs      map[string]string // $id -> entity ref
	rows      map[string]bool   // $id has an evidence row
	host      string            // the one host of the alert, canonical
	hostRef   string
}

// maxNesting ends a chain of references that turns back on itself.
const maxNesting = 8

func newGraph(d *soc.AlertDraft, provider string, roots soc.Payload) *graph {
	g := &graph{
		AlertDraft: d, provider: provider, roots: roots,
		scheduled: strings.HasPrefix(provider, "ASI ") || provider == "" || provider == "Azure Sentinel",
		byID:      map[string]soc.Payload{}, refs: map[string]string{}, rows: map[string]bool{},
	}
	g.index(roots)
	return g
}

func (g *graph) index(v soc.Payload) {
	if id := v.Member("$id"); id != "" && g.byID[id].Empty() {
		g.byID[id] = v
	}
	for _, m := range v.Members() {
		g.index(m.Value)
	}
	for _, item := range v.Items() {
		g.index(item)
	}
}

// resolve follows a reference; one that leads nowhere stays an empty value and
// is reported.
func (g *graph) resolve(v soc.Payload) soc.Payload {
	ref := v.Member("$ref")
	if ref == "" {
		return v
	}
	target := g.byID[ref]
	if target.Empty() {
		g.Warn("dangling_entity_reference:" + soc.DisplayName(ref))
	}
	return target
}

// build walks hosts first, because processes and files belong to the one host
// of an alert, then everything in sent order.
func (g *graph) build() {
	if !g.roots.Empty() && !g.roots.IsArray() {
		g.Warn("unreadable_entities")
		g.AddEvidence("entity", g.StartedAt, nil, soc.LeafFields(g.roots.Leaves("entities"))...)
		return
	}
	hosts := map[string]string{}
	for _, item := range g.roots.Items() {
		if v := g.resolve(item); entityType(v) == "host" {
			if ref := g.add(v, 0); ref != "" {
				hosts[ref] = g.entity(ref).Value
			}
		}
	}
	if len(hosts) == 1 {
		for g.hostRef, g.host = range hosts {
		}
	}
	for _, hashes := range []bool{false, true} { // a hash belongs to its file first
		for _, item := range g.roots.Items() {
			if v := g.resolve(item); !v.Empty() && (entityType(v) == "filehash") == hashes {
				g.add(v, 0)
			}
		}
	}
	for _, item := range g.roots.Items() {
		if v := g.resolve(item); !v.Empty() {
			g.evidence(v)
		}
	}
}

func (g *graph) entity(ref string) soc.InboundEntity {
	for _, e := range g.Entities {
		if e.Ref == ref {
			return e
		}
	}
	return soc.InboundEntity{}
}

// add makes the entity of v, once per $id, and returns its ref.
func (g *graph) add(v soc.Payload, depth int) string {
	v = g.resolve(v)
	id := v.Member("$id")
	if ref, done := g.refs[id]; done && id != "" {
		return ref
	}
	if v.Empty() || depth > maxNesting {
		return ""
	}
	maker := entityMakers[entityType(v)]
	if maker == nil {
		maker = (*graph).other
	}
	e, ok := maker(g, v, depth)
	if !ok {
		return ""
	}
	e.Field = "Entities"
	if e.VendorVerdict == "" {
		e.VendorVerdict = soc.VendorVerdictWord(v.First("LastVerdict", "Verdict", "verdict").Text())
	}
	e.Remediated = e.Remediated || remediated(v)
	ref := g.AddEntity(e)
	if id != "" {
		g.refs[id] = ref
	}
	return ref
}

// remediated reads the product's word that it has already acted.
func remediated(v soc.Payload) bool {
	for _, name := range []string{"RemediationStatus", "remediationStatus", "RemediationState", "DeliveryAction", "DeliveryLocation", "DetectionStatus"} {
		switch strings.ToLower(v.Member(name)) {
		case "remediated", "blocked", "prevented", "removed", "replaced", "quarantine", "quarantined":
			return true
		}
	}
	return false
}

var typeSigns = strings.NewReplacer("-", "", "_", "", " ", "")

// entityType is Type in lower case without signs, guessed from the members
// where a row has none.
func entityType(v soc.Payload) string {
	if t := v.First("Type", "type", "kind").Text(); t != "" {
		return typeSigns.Replace(strings.ToLower(t))
	}
	for _, guess := range []struct{ member, kind string }{
		{"Address", "ip"},
		{"HostName", "host"},
		{"CommandLine", "process"},
		{"ProcessId", "process"},
		{"Algorithm", "filehash"},
		{"Directory", "file"},
		{"Url", "url"},
		{"NetworkMessageId", "mailmessage"},
		{"MailboxPrimaryAddress", "mailbox"},
		{"ResourceId", "azureresource"},
		{"DomainName", "dns"},
		{"UPNSuffix", "account"},
		{"AadUserId", "account"},
		{"Sid", "account"},
		{"Hive", "registrykey"},
		{"AppId", "cloudapplication"},
	} {
		if !v.Get(guess.member).Empty() {
			return guess.kind
		}
	}
	return "other"
}

func (g *graph) timeOf(v soc.Payload) time.Time {
	if t, ok := soc.ParseTime(v.First("CreationTimeUtc", "StartTimeUtc", "ReceivedDate").Text()); ok {
		return t
	}
	return g.StartedAt
}
