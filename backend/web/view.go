package web

import (
	"encoding/json"
	"time"

	"vedette/backend/soc"
)

// viewLife is how long a sealed view proves what was shown.
const viewLife = 8 * time.Hour

// shownCard is what a sealed view says.
type shownCard struct {
	Hash     string    `json:"h"`
	Revision int64     `json:"r"`
	At       time.Time `json:"t"`
}

// viewBinding ties a view to the person and the gamebook.
func viewBinding(by soc.Actor, gamebook string) Binding {
	return Binding{Endpoint: "approval view", Principal: by.ID, Workspace: by.Workspace, Source: gamebook}
}

// SealView makes the proof that a person was shown a card at a moment.
func (s *Sealer) SealView(by soc.Actor, card soc.Card, at time.Time) (string, error) {
	proof, err := json.Marshal(shownCard{card.ViewSHA256, card.Revision, at})
	if err != nil {
		return "", err
	}
	return s.SealFor(viewBinding(by, card.GamebookID), proof, viewLife)
}

// ProveView adds to a decision what its view proves; an empty view proves
// nothing. A foreign, altered or old one is refused.
func (s *Sealer) ProveView(by soc.Actor, d *soc.Decision, view string, now time.Time) error {
	if view == "" {
		return nil
	}
	proof, err := s.Open(viewBinding(by, d.Gamebook), view)
	var was shownCard
	if err == nil {
		err = json.Unmarshal(proof, &was)
	}
	if err != nil {
		return soc.InvalidField("view", "is not a view of this card by this person within the last 8 hours")
	}
	d.View, d.Revision, d.ViewedFor = was.Hash, was.Revision, now.Sub(was.At)
	return nil
}
