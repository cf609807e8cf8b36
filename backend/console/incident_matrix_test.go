package console_test

import "maps"

// incidentExamples are the rows of the matrix for incidents and entities.
var incidentExamples = map[string]example{
	"GET w/incidents": {Query: "q=beacon&held=on&from=2026-01-01", Status: 200},
	"GET w/held":      {Status: 200},
}

func init() { maps.Copy(examples, incidentExamples) }
