package simrange

import (
	"maps"
	"slices"

	"vedette/backend/connector"
)

// Kind lets people configure a range that runs elsewhere, to rehearse: all that
// goes through it is labelled a simulation.
func Kind() connector.Kind {
	return connector.Kind{
		Name: "range", Title: "simulated range",
		Secrets:   []connector.Field{{Name: "token", Help: "The token the range was started with.", Required: true}},
		Playbooks: slices.Sorted(maps.Keys(carried)),
		Limits:    connector.Limits{PerSecond: 100, Burst: 100},
		New: func(c connector.Config) (connector.Connector, error) {
			line := connector.NewLine(c.Client, c.Limits, c.Now)
			made, err := NewConnector(c.ID, c.BaseURL, c.Secrets["token"], line.Client())
			if err != nil {
				return nil, err
			}
			made.line = line
			return made, nil
		},
	}
}

// Health implements connector.Healthy.
func (c *Connector) Health() connector.LineState {
	if c.line == nil {
		return connector.LineState{}
	}
	return c.line.State()
}
