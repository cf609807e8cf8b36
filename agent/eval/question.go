package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"vedette/backend/soc"
)

// Question asks for one value that stands in the evidence of an incident.
type Question struct {
	ID       string
	Incident string // the source's number
	Context  string
	Text     string
	Answer   string
}

// Questions is a set of questions with the incidents that they are about.
type Questions struct {
	Name, Split string
	// Files are ingested in this order before anything is asked: the incidents,
	// then their alerts, in the format of Sentinel.
	Incidents, Alerts [][]byte
	// Numbers are the source's numbers of Incidents, in their order.
	Numbers   []string
	Questions []Question
	Read      int
	Skipped   map[string]int
}

// QuestionSets are the names that ReadQuestions knows.
func QuestionSets() []string { return []string{"excytin"} }

// questionRow is a line of evidence_qa.SPLIT.jsonl as ExCyTIn-Bench is kept.
type questionRow struct {
	ID         string          `json:"id"`
	Incident   string          `json:"incident"`
	Context    json.RawMessage `json:"context"`
	Question   string          `json:"question"`
	Answer     string          `json:"answer"`
	Answerable *bool           `json:"answerable_from_alerts"`
}

// ReadQuestions reads the questions of a split, and the incidents and alerts
// beside them or in the folder of the development files. Questions whose answer
// is only in raw logs are left out: nothing of those was ingested.
func ReadQuestions(o Options) (Questions, error) {
	set := Questions{Name: "excytin", Split: o.Split, Skipped: map[string]int{}}
	path, err := find(o.Data, "evidence_qa", o.Split)
	if err != nil {
		return set, err
	}
	err = eachLine(path, func(row questionRow, _ int) error {
		set.Read++
		if row.ID == "" || row.Incident == "" || row.Question == "" || row.Answer == "" || row.Answerable == nil {
			return errors.New("id, incident, question, answer and answerable_from_alerts are required")
		}
		if !*row.Answerable {
			set.Skipped["the answer is in no alert"]++
			return nil
		}
		set.Questions = append(set.Questions, Question{row.ID, row.Incident, plainText(row.Context), row.Question, row.Answer})
		return nil
	})
	if err != nil {
		return set, err
	}
	if len(set.Questions) == 0 {
		return set, soc.InvalidField("--data", "holds no question that can be asked (%d read)", set.Read)
	}
	if set.Incidents, err = lines(o, "security_incidents"); err != nil {
		return set, err
	}
	for _, line := range set.Incidents {
		var row struct{ IncidentNumber json.RawMessage }
		if err := json.Unmarshal(line, &row); err != nil || len(row.IncidentNumber) == 0 {
			return set, fmt.Errorf("security_incidents: a row has no IncidentNumber (%w)", err)
		}
		set.Numbers = append(set.Numbers, plainText(row.IncidentNumber))
	}
	set.Alerts, err = lines(o, "security_alerts")
	return set, err
}

// plainText is a JSON string's text, and anything else as it stands.
func plainText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// lines are the objects of a file in the folder of the set or of its history.
func lines(o Options, name string) (out [][]byte, err error) {
	for _, folder := range []string{o.Data, o.History} {
		for _, ending := range []string{".jsonl", ".jsonl.gz"} {
			path := filepath.Join(folder, name+ending)
			if _, statErr := os.Stat(path); folder == "" || statErr != nil {
				continue
			}
			err = eachLine(path, func(row json.RawMessage, _ int) error {
				out = append(out, append([]byte{}, row...))
				return nil
			})
			return out, err
		}
	}
	return nil, soc.InvalidField("--data", "holds no %s.jsonl; name the folder that does with --history", name)
}
