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
	"POST w/agents":                   {Form: url.Values{"name": {"hunter"}}, Status: 303, Adds: audited},
	"POST w/agents/{agent}":           {Params: "agent=" + unknownID, Form: url.Values{"name": {"hunter"}}, Status: 404, Adds: audited},
	"POST w/agents/{agent}/suspend":   {Params: "agent=" + unknownID, Form: url.Values{"reason": {"odd"}}, Status: 404, Adds: audited},
	"POST w/agents/{agent}/unsuspend": {Params: "agent=" + unknownID, Form: url.Values{"reason": {"odd"}}, Status: 404, Adds: audited},
	"GET w/runs":                      {Query: "state=Held", Status: 200},
	"POST w/runs":                     {Form: url.Values{"incident": {"INC-00000000"}, "trigger": {"ManualInvestigateOnly"}}, Status: 404, Adds: audited},
	"GET w/runs/{run}":                {Params: "run=" + unknownID, Status: 404},
	"POST w/runs/{run}/cancel":        {Params: "run=" + unknownID, Form: url.Values{"reason": {"odd"}}, Status: 404, Adds: audited},
	"GET w/policy":                    {Status: 200},
	"GET w/policy/versions":           {Status: 200},
	"GET w/policy/diff":               {Query: "from=999", Status: 404},
	"GET w/policy/propose":            {Status: 200},
	"POST w/policy/propose":           {Form: url.Values{"document": {"{}"}, "reason": {"odd"}, "ask": {"true"}}, Status: 400},
	"GET w/policy/rules/{rule}/log":   {Params: "rule=none", Status: 404},
	"POST w/policy/protect":           {Form: url.Values{"kind": {"host"}, "mode": {"never"}}, Status: 400, Adds: audited},
	"POST w/policy/unprotect":         {Form: url.Values{"id": {unknownID}}, Status: 404, Adds: audited},
	"POST w/policy/restore":           {Form: url.Values{"version": {"999"}, "reason": {"odd"}}, Status: 404, Adds: audited},
	"GET w/changes":                   {Query: "state=pending", Status: 200},
	"GET w/changes/{change}":          {Params: "change=" + unknownID, Status: 404},
	"POST w/changes/{change}/confirm": {Params: "change=" + unknownID, Form: url.Values{"digest": {"x"}}, Status: 404, Adds: audited},
	"POST w/changes/{change}/reject":  {Params: "change=" + unknownID, Form: url.Values{"reason": {"odd"}}, Status: 404, Adds: audited},
	"GET w/audit":                     {Query: "event=session_started&from=2026-01-01", Status: 200},
	"GET w/audit/{position}":          {Params: "position=99999999", Status: 404},
	"GET w/audit/integrity":           {Status: 200},
	"POST w/audit/integrity":          {Status: 200, Adds: audited},
}

func init() { maps.Copy(examples, operatorExamples) }
