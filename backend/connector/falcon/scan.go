package falcon

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"

	"vedette/backend/connector"
)

// Where a quick scan looks: what people and services can write to. A path that
// an operating system does not have is skipped by the sensor.
var quickPaths = []string{
	`C:\Users`, `C:\ProgramData`, `C:\Windows\Temp`,
	"/Users", "/Library/LaunchAgents", "/home", "/tmp", "/var/tmp",
}

// keyForm keeps what stands in a query's quotes from ending them.
var keyForm = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,128}$`)

// description names a scan by its step, so that it can be found again.
func description(key string) string { return "Vedette " + key }

// scan starts an on-demand scan. It finds and reports: nothing is quarantined,
// since the playbook leaves nothing to undo.
func (c *Connector) scan(ctx context.Context, a connector.Action) (connector.Receipt, error) {
	if !keyForm.MatchString(a.IdempotencyKey) {
		return connector.Receipt{}, connector.Refusedf(nil, "The step's key cannot name a scan.")
	}
	paths, hours := quickPaths, 2
	if a.Parameters["depth"] == "full" {
		paths, hours = []string{"*"}, 24
	}
	said, err := c.ask(ctx, scanStart, nil, map[string]any{
		"hosts": []string{a.NativeID}, "file_paths": paths, "description": description(a.IdempotencyKey),
		"initiated_from": "cloud_adhoc", "max_duration": hours, "cpu_priority": 2, "quarantine": false, "endpoint_notification": false,
		"sensor_ml_level_detection": 2, "sensor_ml_level_prevention": 0, "cloud_ml_level_detection": 2, "cloud_ml_level_prevention": 0,
	})
	if err != nil {
		return connector.Receipt{}, err
	}
	var started struct {
		ID string `json:"id"`
	}
	if err := said.only(&started); err != nil {
		return connector.Receipt{}, err
	}
	if started.ID == "" {
		return connector.Receipt{}, connector.Unknownf(nil, "Falcon's answer names no scan.")
	}
	return connector.Receipt{Reference: started.ID}, nil
}

// scanStates are the API's words that are repeated; any other is "unknown".
var scanStates = []string{"pending", "running", "completed", "canceled", "failed"}

// scanState reads what became of the scan that a step started: "none" where
// there is none by its key.
func (c *Connector) scanState(ctx context.Context, agent, key string) (string, error) {
	if !keyForm.MatchString(key) {
		return "", connector.Refusedf(nil, "The step's key cannot name a scan.")
	}
	found, err := c.ask(ctx, scanQuery, url.Values{"filter": {"description.keyword:'" + description(key) + "'"}, "limit": {"10"}}, nil)
	if err != nil {
		return "", err
	}
	if found.Resources == nil {
		return "", connector.Unknownf(nil, "Falcon's answer holds no list.")
	}
	if len(found.Resources) == 0 {
		return "none", nil
	}
	query := url.Values{}
	for _, raw := range found.Resources {
		var id string
		if err := json.Unmarshal(raw, &id); err != nil {
			return "", connector.Unknownf(err, "Falcon's list of scans could not be read.")
		}
		query.Add("ids", id)
	}
	said, err := c.ask(ctx, scans, query, nil)
	if err != nil {
		return "", err
	}
	for _, raw := range said.Resources {
		var s struct {
			Description string   `json:"description"`
			Hosts       []string `json:"hosts"`
			Status      string   `json:"status"`
		}
		if err := json.Unmarshal(raw, &s); err != nil {
			return "", connector.Unknownf(err, "Falcon's scan could not be read.")
		}
		if s.Description != description(key) || !slices.Contains(s.Hosts, agent) {
			continue
		}
		if !slices.Contains(scanStates, s.Status) {
			return "", connector.Unknownf(fmt.Errorf("status %.64q", s.Status), "Falcon's word for the scan's state is not known.")
		}
		return s.Status, nil
	}
	return "none", nil
}
