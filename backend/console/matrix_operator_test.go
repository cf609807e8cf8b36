package console_test

import (
	"maps"
	"net/url"
)

// operatorExamples are those of the pages about the server rather than about
// an incident; a file of their own, beside examples.
var operatorExamples = map[string]example{
	"GET w/overview":                  {Query: "window=day", Status: 200},
	"GET w/agents":                    {Status: 200},
	"POST w/agents/{agent}/suspend":   {Params: "agent=" + unknownID, Form: url.Values{"reason": {"odd"}}, Status: 404, Adds: audited},
	"POST w/agents/{agent}/unsuspend": {Params: "agent=" + unknownID, Form: url.Values{"reason": {"odd"}}, Status: 404, Adds: audited},
	"GET w/runs":                      {Query: "state=Held", Status: 200},
	"POST w/runs":                     {Form: url.Values{"incident": {"INC-00000000"}, "trigger": {"ManualInvestigateOnly"}}, Status: 404, Adds: audited},
	"GET w/runs/{run}":                {Params: "run=" + unknownID, Status: 404},
	"POST w/runs/{run}/cancel":        {Params: "run=" + unknownID, Form: url.Values{"reason": {"odd"}}, Status: 404, Adds: audited},
	"GET w/audit":                     {Query: "event=session_started&from=2026-01-01", Status: 200},
	"GET w/audit/{position}":          {Params: "position=99999999", Status: 404},
	"GET w/audit/integrity":           {Status: 200},
	"POST w/audit/integrity":          {Status: 200, Adds: audited},
}

func init() { maps.Copy(examples, operatorExamples) }
