package qradar

import (
	"net/http"

	"vedette/backend/connector"
)

// source is where the calls are documented.
const source = "IBM QRadar RESTful API 16.0: SIEM"

// role is what the authorized service needs for all of them: QRadar's roles do
// not part reading offenses from changing them.
const role = "user role: Offenses"

// The calls.
var (
	offense = connector.Endpoint{Name: "read the verdict back", Method: http.MethodGet, Path: "/api/siem/offenses/{offense_id}", Permission: role, Source: source}
	closing = connector.Endpoint{Name: "close", Method: http.MethodPost, Path: "/api/siem/offenses/{offense_id}", Permission: role, Source: source}
	notes   = connector.Endpoint{Name: "read notes", Method: http.MethodGet, Path: "/api/siem/offenses/{offense_id}/notes", Permission: role, Source: source}
	addNote = connector.Endpoint{Name: "add a note", Method: http.MethodPost, Path: "/api/siem/offenses/{offense_id}/notes", Permission: role, Source: source}
	reasons = connector.Endpoint{Name: "closing reasons", Method: http.MethodGet, Path: "/api/siem/offense_closing_reasons", Permission: role, Source: source}
)

// Endpoints is every call that this package makes.
var Endpoints = []connector.Endpoint{offense, closing, notes, addNote, reasons}
