package eval

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
)

// guideRow is one evidence row of the GUIDE set: its identifiers are numbers.
type guideRow struct {
	ID         string `json:"id"`
	Org        string `json:"orgid"`
	Alert      string `json:"alertid"`
	Timestamp  string `json:"timestamp"`
	Detector   string `json:"detectorid"`
	Title      string `json:"alerttitle"`
	Category   string `json:"category"`
	Techniques string `json:"mitretechniques"`
	EntityType string `json:"entitytype"`
	Role       string `json:"evidencerole"`
	Device     string `json:"deviceid"`
	Account    string `json:"accountupn"`
	AccountSID string `json:"accountsid"`
	App        string `json:"applicationid"`
	Row        *int   `json:"row"`
}

// guideHistory is the share of the development rows, in order of time, that
// only teach: 3,486 of 5,811 (triage.md section 5.2).
const guideHistory = 0.6

// guideTime is how the set writes times.
const guideTime = "2006-01-02 15:04:05-07:00"

// readGuide reads Microsoft's GUIDE slice. Its licence is unconfirmed, so it is
// only ever read from the folder that the caller names.
func readGuide(o Options) (Set, error) {
	set := Set{Skipped: map[string]int{}, Tuned: o.Split == "dev"}
	items, err := guideItems(&set, o, o.Data, o.Split)
	if err != nil {
		return set, err
	}
	cut := int(float64(len(items)) * guideHistory)
	if o.Split == "unseen" {
		cut = 0
		if o.History == "" {
			set.Notes = append(set.Notes, "without --history: the development verdicts are not known to the triager")
		} else {
			earlier, err := guideItems(&set, o, o.History, "dev")
			if err != nil {
				return set, err
			}
			cut, items = len(earlier), append(earlier, items...)
		}
	}
	for i := range items[cut:] {
		items[cut+i].Score = true
	}
	set.Rounds = []Round{{Items: items}}
	return set, nil
}

func guideItems(set *Set, o Options, folder, split string) ([]Item, error) {
	path, err := find(folder, "guide_rows", split)
	if err != nil {
		return nil, err
	}
	labels := map[string]string{}
	err = eachRecord(labelsOf(path), []string{"id", "row", "label"}, func(cells []string) error {
		labels[cells[0]+"/"+cells[1]] = cells[2]
		return nil
	})
	if err != nil {
		return nil, err
	}
	var items []Item
	err = eachLine(path, func(row guideRow, _ int) error {
		set.Read++
		if row.Row == nil || row.Org == "" || row.Title == "" || row.Detector == "" {
			return fmt.Errorf("orgid, alerttitle, detectorid and row are required")
		}
		truth, known := labelled(labels[fmt.Sprintf("%s/%d", row.ID, *row.Row)])
		if !known {
			set.Skipped["no label that is a class"]++
			return nil
		}
		item, err := row.item(truth)
		if err != nil {
			return err
		}
		item.Visible = item.At.Add(o.Delay)
		items = append(items, item)
		return nil
	})
	// Ties stay in the order of the file, as section 5.2 was measured.
	slices.SortStableFunc(items, func(a, b Item) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	return items, err
}

func (r guideRow) item(truth soc.Verdict) (Item, error) {
	at, err := time.Parse(guideTime, r.Timestamp)
	if err != nil {
		return Item{}, fmt.Errorf("timestamp: %w", err)
	}
	item := Item{
		ID: fmt.Sprintf("%s/%d", r.ID, *r.Row), Workspace: "guide-" + r.Org, At: at.UTC(), Truth: truth,
		Keys: soc.AlertKey{Title: r.Title, Detector: r.Detector}, Category: r.Category, Slices: map[string]string{},
	}
	a := alert{
		ExternalID: item.ID, Source: "guide", Title: "Alert type " + letters(r.Title), Severity: "medium", Detector: "guide-" + r.Detector, Category: r.Category,
		Product: "guide", StartedAt: stamp(at), CreatedAt: stamp(at),
	}
	if r.Techniques != "" {
		a.Techniques = strings.Split(r.Techniques, ";")
	}
	a.add("host", "device", r.Device)
	a.add("account", "account", cmp.Or(r.Account, r.AccountSID))
	a.add("application", "app", r.App)
	a.Evidence = []proof{{Type: "alert", Fields: map[string]string{"entity_type": r.EntityType, "role": r.Role}}}
	for _, e := range a.Entities {
		a.Evidence[0].Refs = append(a.Evidence[0].Refs, e.Ref)
	}
	item.Alert, err = a.encode()
	return item, err
}

// add adds an entity where the row has its number.
func (a *alert) add(kind, prefix, number string) {
	if number != "" {
		a.Entities = append(a.Entities, entity{Ref: prefix, Kind: kind, Value: prefix + "-" + number, Provenance: "sensor_asserted"})
	}
}
