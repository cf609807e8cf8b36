package eval

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
)

// caseRow is one closed incident of whoever evaluates their own history:
// cases.SPLIT.jsonl, one per line.
type caseRow struct {
	ID        string    `json:"id"`
	Workspace string    `json:"workspace"`
	At        time.Time `json:"at"`
	// DecidedAt is when the verdict was given; without it, --delay after At.
	DecidedAt time.Time `json:"decided_at"`
	Label     string    `json:"label"`
	// Score is false for rows that only teach; the default is true.
	Score  *bool             `json:"score"`
	Slices map[string]string `json:"slices"`
	// Alert is an item of the generic ingest format.
	Alert json.RawMessage `json:"alert"`
}

// readCases reads the house format: an alert as it is ingested, beside what it
// turned out to be.
func readCases(o Options) (Set, error) {
	set := Set{Skipped: map[string]int{}}
	path, err := find(o.Data, "cases", o.Split)
	if err != nil {
		return set, err
	}
	var items []Item
	seen := map[string]bool{}
	err = eachLine(path, func(row caseRow, _ int) error {
		set.Read++
		if row.ID == "" || row.At.IsZero() || len(row.Alert) == 0 {
			return fmt.Errorf("id, at and alert are required")
		}
		if seen[row.ID] {
			return fmt.Errorf("the id %q is used twice", row.ID)
		}
		seen[row.ID] = true
		truth, known := labelled(row.Label)
		if !known {
			set.Skipped["no label that is a class"]++
			return nil
		}
		item, err := row.item(truth, o.Delay)
		items = append(items, item)
		return err
	})
	slices.SortStableFunc(items, func(a, b Item) int { return a.At.Compare(b.At) })
	set.Rounds = []Round{{Items: items}}
	return set, err
}

func (r caseRow) item(truth soc.Verdict, delay time.Duration) (Item, error) {
	var a alert
	if err := json.Unmarshal(r.Alert, &a); err != nil {
		return Item{}, fmt.Errorf("alert: %w", err)
	}
	if a.Title == "" || a.Source == "" {
		return Item{}, fmt.Errorf("alert: title and source are required")
	}
	item := Item{
		ID: r.ID, Workspace: cmp.Or(r.Workspace, "default"), At: r.At.UTC(), Truth: truth, Visible: r.DecidedAt.UTC(), Score: r.Score == nil || *r.Score,
		Keys:     soc.AlertKey{Title: strings.ToLower(a.Title), Detector: soc.DetectorKey(a.Source, a.Detector, a.Product, a.Title)},
		Category: a.Category, Alert: r.Alert, Slices: map[string]string{},
	}
	for by, value := range r.Slices {
		item.Slices[by] = value
	}
	if r.DecidedAt.IsZero() {
		item.Visible = item.At.Add(delay)
	}
	return item, nil
}
