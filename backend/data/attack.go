package data

import (
	"embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

//go:embed attack/*.csv attack/*.json
var attackFiles embed.FS

// Technique is an ATT&CK technique or sub-technique.
type Technique struct {
	// ID is the present id; Asked what was looked up, where ATT&CK has since
	// revoked that one.
	ID    string
	Asked string
	Name  string
	// Tactics in ATT&CK's spelling, e.g. credential-access.
	Tactics []string
}

// AttackTables looks up ATT&CK ids. It is read only and safe for concurrent
// use.
type AttackTables struct {
	techniques map[string]Technique
	redirects  map[string]Technique // by the revoked id
	tactics    map[string]string
}

// Attack returns the embedded tables, read on first use.
var Attack = sync.OnceValue(func() *AttackTables {
	tables, err := readAttack()
	if err != nil {
		panic(err) // the embedded files are part of the build and tested
	}
	return tables
})

// Technique finds a technique by its id, in either case. A revoked id gives
// its successor; where the tables are too old to list that one, with the
// tactics of the revoked. A sub-technique that is not in the tables gives its
// parent's tactics.
func (t *AttackTables) Technique(id string) (Technique, bool) {
	id = strings.ToUpper(strings.TrimSpace(id))
	if successor, revoked := t.redirects[id]; revoked {
		successor.Asked = id
		return successor, true
	}
	if technique, known := t.techniques[id]; known {
		technique.Asked = id
		return technique, true
	}
	parentID, _, sub := strings.Cut(id, ".")
	if technique, known := t.techniques[parentID]; known && sub && wellFormedSub(id) {
		return Technique{ID: id, Asked: id, Name: technique.Name, Tactics: technique.Tactics}, true
	}
	return Technique{}, false
}

// wellFormedSub keeps free text after the dot from passing as an id.
func wellFormedSub(id string) bool {
	_, sub, _ := strings.Cut(id, ".")
	return len(sub) == 3 && strings.Trim(sub, "0123456789") == ""
}

// Tactic finds a tactic's name by its id, e.g. TA0006.
func (t *AttackTables) Tactic(id string) (string, bool) {
	name, known := t.tactics[strings.ToUpper(strings.TrimSpace(id))]
	return name, known
}

func readAttack() (*AttackTables, error) {
	t := &AttackTables{techniques: map[string]Technique{}, redirects: map[string]Technique{}, tactics: map[string]string{}}
	for _, matrix := range []string{"enterprise", "ics", "mobile"} {
		rows, err := readTable("attack/" + matrix + "_techniques.csv")
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if _, twice := t.techniques[row[0]]; !twice {
				t.techniques[row[0]] = Technique{ID: row[0], Name: row[1], Tactics: strings.Split(row[3], "|")}
			}
		}
	}
	rows, err := readTable("attack/v18_to_v19_redirects.csv")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		old, oldKnown := t.techniques[row[0]]
		present, listed := t.techniques[row[1]]
		successor := Technique{ID: row[1], Name: row[2], Tactics: old.Tactics}
		switch {
		case listed:
			successor.Tactics = present.Tactics
		case oldKnown:
			t.techniques[row[1]] = successor
		default:
			return nil, fmt.Errorf("attack: %s and its successor %s are in no table", row[0], row[1])
		}
		t.redirects[row[0]] = successor
		if present, listed := t.techniques[row[1]]; listed {
			successor.Tactics = present.Tactics
		} else {
			t.techniques[row[1]] = successor
		}
		t.redirects[row[0]] = successor
	}
	file, err := attackFiles.ReadFile("attack/enterprise_tactics.json")
	if err != nil {
		return nil, fmt.Errorf("attack: %w", err)
	}
	if err := json.Unmarshal(file, &t.tactics); err != nil {
		return nil, fmt.Errorf("attack: tactics: %w", err)
	}
	return t, nil
}

// readTable reads a CSV file without its header line.
func readTable(name string) ([][]string, error) {
	file, err := attackFiles.Open(name)
	if err != nil {
		return nil, fmt.Errorf("attack: %w", err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("attack: %s: %w", name, err)
	}
	return rows[1:], nil
}
