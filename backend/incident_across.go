package backend

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// acrossPage is how many incidents a page over several workspaces holds.
const acrossPage = 50

// visible are the workspaces a caller may look into, in a stable order: what a
// list across workspaces is over (portal-api.md section 6).
func (d *Desk) visible(ctx context.Context, by soc.Actor) ([]soc.Workspace, error) {
	return d.ListWorkspaces(ctx, by, by.Organization)
}

// ListIncidentsAcross returns one page over every workspace the caller may look
// into, newest first. Without streams it begins: every source in use in every
// workspace is one, where f.Sources does not narrow them. Given streams go on
// where they stand, and only they do.
func (d *Desk) ListIncidentsAcross(ctx context.Context, by soc.Actor, f soc.IncidentFilter, streams []soc.AcrossStream) (page soc.AcrossPage, err error) {
	if err := by.May(soc.ScopeIncidentsRead, soc.RoleNone); err != nil {
		return page, err
	}
	visible, err := d.visible(ctx, by)
	if err != nil {
		return page, err
	}
	page.Workspaces = make(map[string]soc.Workspace, len(visible))
	for _, w := range visible {
		page.Workspaces[w.ID] = w
	}
	m := &merge{reader: d.store.Read(ctx), filter: f, failed: map[string]error{}}
	if streams == nil {
		streams, err = m.begin(visible, f.Sources)
	}
	if err != nil {
		return page, err
	}
	for _, s := range streams {
		if _, seen := page.Workspaces[s.Workspace]; !seen {
			return page, soc.InvalidCursor()
		}
	}
	if page.Incidents, err = m.page(ctx, streams); err != nil {
		return page, err
	}
	page.Streams, page.Unavailable = m.rest()
	return page, d.bringEntities(ctx, by, &page)
}

// bringEntities adds the first entities of every row, and puts the rows on
// record.
func (d *Desk) bringEntities(ctx context.Context, by soc.Actor, page *soc.AcrossPage) (err error) {
	reader := d.store.Read(ctx)
	page.Entities = make(map[string][]soc.Entity, len(page.Incidents))
	for n, i := range page.Incidents {
		if runScope(by, i.ID) == nil {
			if page.Entities[i.ID], err = reader.IncidentEntities(i.Workspace, i.ID, "", rowEntities); err != nil {
				return err
			}
		}
		if err := serve(by, i, 1+len(page.Entities[i.ID]), true, len(i.Flags) > 0); err != nil {
			return err
		}
		page.Incidents[n] = narrowed(by, i)
	}
	return nil
}

// merge reads streams side by side and takes the newest of their heads.
type merge struct {
	reader *store.Reader
	filter soc.IncidentFilter
	batch  int
	heads  []*head
	// failed are the workspaces that could not be read, by id.
	failed map[string]error
}

// head is a stream with what was read ahead of it.
type head struct {
	soc.AcrossStream
	ahead []soc.Incident
	next  *soc.Keyset
}

// begin lists the streams of a first page. A source that is neither one of the
// known products nor in use anywhere is refused, not passed over.
func (m *merge) begin(visible []soc.Workspace, wanted []string) ([]soc.AcrossStream, error) {
	streams, known := []soc.AcrossStream{}, slices.Clone(soc.KnownSources)
	for _, w := range visible {
		used, err := m.reader.SourcesInUse(w.ID)
		if err != nil {
			m.failed[w.ID] = err
			continue
		}
		for _, source := range used {
			if !slices.Contains(known, source) {
				known = append(known, source)
			}
			if len(wanted) == 0 || slices.Contains(wanted, source) {
				streams = append(streams, soc.AcrossStream{Workspace: w.ID, Source: source})
			}
		}
	}
	for _, source := range wanted {
		if !slices.Contains(known, source) {
			return nil, soc.InvalidField("sources", "must hold sources that are known: %s", strings.Join(known, ", "))
		}
	}
	return streams, nil
}

// page takes the newest incidents of all streams.
func (m *merge) page(ctx context.Context, streams []soc.AcrossStream) ([]soc.Incident, error) {
	switch n := len(streams); { // what one read of a stream gives, see store.roundLimit
	case n <= 2:
		m.batch = acrossPage
	case n <= 8:
		m.batch = 20
	default:
		m.batch = 10
	}
	for _, s := range streams {
		h := &head{AcrossStream: s, next: s.After}
		m.heads = append(m.heads, h)
		m.fill(h)
	}
	if err := m.lost(ctx, streams); err != nil {
		return nil, err
	}
	var taken []soc.Incident
	for len(taken) < acrossPage {
		newest := m.newest()
		if newest == nil {
			break
		}
		i := newest.ahead[0]
		taken = append(taken, i)
		newest.ahead, newest.After = newest.ahead[1:], store.ListPosition(m.filter, i)
		if len(newest.ahead) == 0 && newest.next != nil {
			m.fill(newest)
		}
	}
	return taken, m.lost(ctx, streams)
}

// lost is the error of a page that says nothing: the caller is gone, or no
// workspace at all could be read.
func (m *merge) lost(ctx context.Context, streams []soc.AcrossStream) error {
	if err := ctx.Err(); err != nil || len(m.failed) == 0 {
		return err
	}
	for _, s := range streams {
		if m.failed[s.Workspace] == nil {
			return nil
		}
	}
	for _, err := range m.failed {
		return err
	}
	return nil
}

func (m *merge) fill(h *head) {
	if m.failed[h.Workspace] != nil {
		return
	}
	f := m.filter
	f.Workspace, f.Sources, f.After, f.Limit = h.Workspace, []string{h.Source}, h.next, m.batch
	page, err := m.reader.ListIncidents(f, nil)
	if err != nil {
		m.failed[h.Workspace], page = err, soc.IncidentPage{}
	}
	h.ahead, h.next = page.Incidents, page.Next
}

// newest is the stream whose head comes first, nil where all have ended.
func (m *merge) newest() *head {
	var first *head
	for _, h := range m.heads {
		if len(h.ahead) > 0 && (first == nil || m.order(h.ahead[0], first.ahead[0]) > 0) {
			first = h
		}
	}
	return first
}

// order is that of the lists which are merged: a search goes by the second.
func (m *merge) order(a, b soc.Incident) int {
	if m.filter.Query != "" {
		return cmp.Or(cmp.Compare(a.CreatedAt.Unix(), b.CreatedAt.Unix()), cmp.Compare(a.Seq, b.Seq))
	}
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
}

// rest are the streams that have more, and the workspaces that have failed.
func (m *merge) rest() (streams []soc.AcrossStream, unavailable []string) {
	for _, h := range m.heads {
		if m.failed[h.Workspace] == nil && (len(h.ahead) > 0 || h.next != nil) {
			streams = append(streams, h.AcrossStream)
		}
	}
	for workspace := range m.failed {
		unavailable = append(unavailable, workspace)
	}
	slices.Sort(unavailable)
	return streams, unavailable
}
