package opsapi_test

import (
	"vedette/backend/web/webtest"
)

// auditTaskExamples are the rows of the matrix of what is asked for
// and done later: exports, verifications, copies, and changes of people. The house has two organizations, so that nobody may copy it.
func auditTaskExamples() map[string]webtest.Example {
	const prefix = "/api/ops/v1"
	audited := webtest.Counted{Audit: 1}
	return map[string]webtest.Example{
		"POST " + prefix + "/audit/exports":             {Target: prefix + "/audit/exports", Body: `{"format":"jsonl","workspaceId":"` + unknownID + `"}`, Status: 404, Elsewhere: 404, Adds: audited},
		"GET " + prefix + "/audit/exports/{id}":         {Target: prefix + "/audit/exports/" + unknownID, Status: 404},
		"GET " + prefix + "/audit/exports/{id}/content": {Target: prefix + "/audit/exports/" + unknownID + "/content", Status: 404},
		"GET " + prefix + "/audit/verifications/{id}":   {Target: prefix + "/audit/verifications/" + unknownID, Status: 404},
		"POST " + prefix + "/people":                    {Target: prefix + "/people", Body: `{"email":"no address","name":"N","grants":[]}`, Status: 400, Adds: audited, Admin: true},
		"POST " + prefix + "/people/{id}/enable":        {Target: prefix + "/people/" + unknownID + "/enable", Body: `{"reason":"back"}`, Status: 404, Adds: audited, Admin: true},
		"POST " + prefix + "/people/{id}/reset":         {Target: prefix + "/people/" + unknownID + "/reset", Body: `{"reason":"lost"}`, Status: 404, Adds: audited, Admin: true},
		"POST " + prefix + "/people/{id}/link":          {Target: prefix + "/people/" + unknownID + "/link", Body: `{}`, Status: 404, Adds: audited, Admin: true},
		"PUT " + prefix + "/keys/{id}":                  {Target: prefix + "/keys/" + unknownID, Body: `{"name":"k"}`, Status: 404, Adds: audited, Admin: true},
		"PUT " + prefix + "/service-accounts/{id}":      {Target: prefix + "/service-accounts/" + unknownID, Body: `{"name":"k"}`, Status: 404, Adds: audited, Admin: true},
		"GET " + prefix + "/attention":                  {Target: prefix + "/attention", Elsewhere: 403}, // each sees what they may: TestS64
		"POST " + prefix + "/backups":                   {Target: prefix + "/backups", Body: `{}`, Status: 403, Adds: audited, Admin: true},
		"GET " + prefix + "/backups":                    {Target: prefix + "/backups", Status: 403, Adds: audited, Admin: true},
		"GET " + prefix + "/backups/{id}":               {Target: prefix + "/backups/" + unknownID, Status: 403, Adds: audited, Admin: true},
	}
}
