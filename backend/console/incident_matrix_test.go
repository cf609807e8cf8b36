package console_test

import (
	"maps"
	"net/url"
)

const noIncident = "incident=INC-00000000"

// incidentExamples are the rows of the matrix for incidents and entities.
var incidentExamples = map[string]example{
	"GET w/incidents":                                     {Query: "q=beacon&held=on&from=2026-01-01", Status: 200},
	"GET w/held":                                          {Status: 200},
	"GET w/incidents/{incident}":                          {Params: noIncident, Status: 404},
	"GET w/incidents/{incident}/evidence":                 {Params: noIncident, Status: 404},
	"GET w/incidents/{incident}/evidence/{number}":        {Params: noIncident + "&number=E1", Status: 404},
	"GET w/incidents/{incident}/alerts/{alert}/raw":       {Params: noIncident + "&alert=" + unknownID, Status: 404},
	"GET w/incidents/{incident}/attachments/{attachment}": {Params: noIncident + "&attachment=" + unknownID, Status: 404},
	"GET w/incidents/{incident}/report":                   {Params: noIncident, Status: 404},
	"POST w/incidents/{incident}/comment":                 {Params: noIncident, Form: url.Values{"comment": {"seen"}}, Status: 404, Adds: audited},
	"POST w/incidents/{incident}/change":                  {Params: noIncident, Form: url.Values{"version": {"1"}, "severity": {"high"}}, Status: 404, Adds: audited},
	"POST w/incidents/{incident}/assign":                  {Params: noIncident, Form: url.Values{"to": {"me"}}, Status: 404, Adds: audited},
	"POST w/incidents/{incident}/verdict":                 {Params: noIncident, Form: url.Values{"pair": {"TruePositive/Malware"}}, Status: 404, Adds: audited},
	"POST w/incidents/{incident}/reopen":                  {Params: noIncident, Form: url.Values{"reason": {"new facts"}}, Status: 404, Adds: audited},
	"POST w/incidents/{incident}/accept":                  {Params: noIncident, Form: url.Values{"proposal": {unknownID}}, Status: 404},
	"POST w/incidents/{incident}/reject":                  {Params: noIncident, Form: url.Values{"proposal": {unknownID}, "reason": {"no"}}, Status: 404},
	"POST w/incidents/{incident}/triage":                  {Params: noIncident, Status: 404, Adds: audited},
	"GET w/incidents/{incident}/propose":                  {Params: noIncident, Status: 404},
	"POST w/incidents/{incident}/propose":                 {Params: noIncident, Form: url.Values{"playbook": {"x"}, "step": {"simulate"}}, Status: 404},
	"GET w/entities":                                      {Query: "value=203.0.113.4", Status: 200},
	"GET w/entities/{entity}":                             {Params: "entity=ENT-00000000", Status: 404},
	"POST w/entities/{entity}/suppress":                   {Params: "entity=ENT-00000000", Form: url.Values{"days": {"1"}, "reason": {"noise"}}, Status: 404},
	"POST w/entities/{entity}/promote": {
		Params: "entity=ENT-00000000", Form: url.Values{"incident": {"INC-00000000"}, "evidence": {"E1"}, "reason": {"seen"}}, Status: 404, Adds: audited,
	},
	"POST w/entities/{entity}/lift": {Params: "entity=ENT-00000000", Form: url.Values{"suppression": {unknownID}}, Status: 404, Adds: audited},
}

func init() { maps.Copy(examples, incidentExamples) }
