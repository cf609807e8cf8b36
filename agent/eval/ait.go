package eval

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"vedette/backend/soc"
)

// aitRow is one group of alerts of the AIT Alert Data Set [Landauer,
// Skopik, Wurzenberger, CSET 2024; CC-BY-4.0].
type aitRow struct {
	ID         string         `json:"id"`
	Scenario   string         `json:"scenario"`
	Host       string         `json:"host"`
	IPs        []string       `json:"ips"`
	First      time.Time      `json:"first_seen"`
	Last       time.Time      `json:"last_seen"`
	Count      int            `json:"alert_count"`
	Signatures []aitSignature `json:"signatures"`
}

type aitSignature struct {
	Name   string `json:"name"`
	Source string `json:"source"`
	Count  int    `json:"count"`
}

// aitLabel is a row of the labels.
type aitLabel struct {
	truth  soc.Verdict
	phases []string
}

// readAIT reads groups of alerts. The scenarios are enterprises apart, so they
// are scored by leaving one out: a round knows the verdicts of the others and
// none of its own. Groups inside an attack window that no event labels are
// ambiguous and not scored.
func readAIT(o Options, name string) (Set, error) {
	set := Set{Skipped: map[string]int{}, Tuned: o.Split == "dev"}
	items, err := aitItems(&set, o.Data, name, o.Split)
	if err != nil {
		return set, err
	}
	known := map[string][]Item{}
	if o.Split == "unseen" && o.History != "" {
		if known, err = aitItems(&set, o.History, name, "dev"); err != nil {
			return set, err
		}
	}
	scenarios := slices.Sorted(maps.Keys(items))
	for _, scenario := range scenarios {
		round := Round{Name: scenario}
		teach := known
		if len(known) == 0 {
			teach = items
		}
		for _, other := range slices.Sorted(maps.Keys(teach)) {
			if other != scenario {
				round.Items = append(round.Items, teach[other]...)
			}
		}
		for i := range round.Items {
			round.Items[i].Visible = time.Unix(0, 0) // before anything that is scored
		}
		for _, item := range items[scenario] {
			item.Score = true
			round.Items = append(round.Items, item)
		}
		set.Rounds = append(set.Rounds, round)
	}
	if len(scenarios) < 2 && len(known) == 0 {
		return set, soc.InvalidField("--data", "holds %d scenario: leaving one out needs two", len(scenarios))
	}
	return set, nil
}

// aitItems reads the items by scenario, each in order of time.
func aitItems(set *Set, folder, name, split string) (map[string][]Item, error) {
	path, err := find(folder, name, split)
	if err != nil {
		return nil, err
	}
	labels := map[string]aitLabel{}
	err = eachRecord(labelsOf(path), []string{"id", "label", "attack_phases"}, func(cells []string) error {
		truth, known := labelled(cells[1])
		if !known {
			return nil
		}
		labels[cells[0]] = aitLabel{truth, strings.FieldsFunc(cells[2], func(r rune) bool { return r == ';' || r == '|' || r == ',' })}
		return nil
	})
	if err != nil {
		return nil, err
	}
	items := map[string][]Item{}
	err = eachLine(path, func(row aitRow, _ int) error {
		set.Read++
		if row.ID == "" || row.Scenario == "" || row.First.IsZero() || len(row.Signatures) == 0 {
			return fmt.Errorf("id, scenario, first_seen and signatures are required")
		}
		label, known := labels[row.ID]
		if !known {
			set.Skipped["ambiguous or without a label"]++
			return nil
		}
		item, err := row.item(label)
		items[row.Scenario] = append(items[row.Scenario], item)
		return err
	})
	for _, scenario := range items {
		slices.SortStableFunc(scenario, func(a, b Item) int { return a.At.Compare(b.At) })
	}
	return items, err
}

func (r aitRow) item(label aitLabel) (Item, error) {
	loudest := r.Signatures[0]
	for _, s := range r.Signatures {
		if s.Count > loudest.Count {
			loudest = s
		}
	}
	item := Item{
		ID: r.ID, Workspace: "ait", At: r.First, Truth: label.truth, Phases: label.phases,
		Keys: soc.AlertKey{Title: loudest.Name, Detector: loudest.Source + "|" + loudest.Name}, Category: loudest.Source,
		Slices: map[string]string{"scenario": r.Scenario},
	}
	for i, phase := range item.Phases {
		item.Phases[i] = r.Scenario + ": " + phase
	}
	host := r.Scenario + "-" + r.Host
	a := alert{
		ExternalID: r.ID, Source: "ait", Title: clip(loudest.Name), Severity: "medium", Detector: clip(loudest.Source + "|" + loudest.Name), Category: loudest.Source,
		Product: loudest.Source, StartedAt: stamp(r.First), EndedAt: stamp(r.Last), CreatedAt: stamp(r.First),
		Entities: []entity{{Ref: "host", Kind: "host", Value: host, Provenance: "sensor_asserted"}},
	}
	for i, s := range r.Signatures {
		if i == 100 {
			break // the loudest host incidents repeat themselves
		}
		a.Evidence = append(a.Evidence, proof{
			Type: "alert", At: stamp(r.First), Refs: []string{"host"},
			Fields: map[string]string{"signature": s.Name, "sensor": s.Source, "count": fmt.Sprint(s.Count)},
		})
	}
	var err error
	item.Alert, err = a.encode()
	return item, err
}

// clip keeps a name within the generic format's limit for keys.
func clip(s string) string {
	r := []rune(s)
	return string(r[:min(len(r), 256)])
}
