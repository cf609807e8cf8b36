package data

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"sync"
)

//go:embed sops/*.md sops/sops.json
var sopFiles embed.FS

// SOP is a standard operating procedure shipped with the product: Markdown for
// analysts and agents, and which incidents it is for. Empty lists do not
// narrow.
type SOP struct {
	ID            string   `json:"id"`
	Name          string   `json:"name"`
	Kind          string   `json:"kind"` // classification, response
	File          string   `json:"file"`
	Version       int      `json:"version"`
	Priority      int      `json:"priority"`
	Sources       []string `json:"sources"`
	Severities    []string `json:"severities"`
	IncidentTypes []string `json:"incident_types"`
	Tactics       []string `json:"tactics"`
	Playbooks     []string `json:"playbooks"`
	// Text is the content of File.
	Text string `json:"-"`
}

// SOPs returns the shipped procedures in falling priority, read on first use.
// Callers must not change them.
var SOPs = sync.OnceValue(func() []SOP {
	sops, err := readSOPs()
	if err != nil {
		panic(err) // the embedded files are part of the build and tested
	}
	return sops
})

func readSOPs() ([]SOP, error) {
	index, err := sopFiles.ReadFile("sops/sops.json")
	if err != nil {
		return nil, fmt.Errorf("sops: %w", err)
	}
	var sops []SOP
	decoder := json.NewDecoder(bytes.NewReader(index))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&sops); err != nil {
		return nil, fmt.Errorf("sops: %w", err)
	}
	for i := range sops {
		text, err := sopFiles.ReadFile("sops/" + sops[i].File)
		if err != nil {
			return nil, fmt.Errorf("sops: %s: %w", sops[i].ID, err)
		}
		sops[i].Text = string(text)
	}
	return sops, nil
}
