package opsapi_test

import (
	"maps"
	"testing"

	"vedette/backend/soc"
	"vedette/backend/web"
	"vedette/backend/web/webtest"
)

// unknownID names nothing.
const (
	unknownGamebook = "GB-00000000"
	unknownID       = "0197aaaa-0000-7000-8000-000000000000"
)

func TestS7EveryOpsRouteAsEverybody(t *testing.T) {
	h := openIntake(t)
	h.Ingest(h.First, "generic", []byte(oneAlert)) // so that all who may send it get the same answer
	const prefix = "/api/ops/v1"
	audited := webtest.Counted{Audit: 1}
	here := []string{"Vedette-Workspace: " + h.First} // of those who are in several
	secret := `{"password":"` + webtest.Password + `"}`
	examples := map[string]webtest.Example{
		"POST " + prefix + "/ingest/{format}": {
			Target: ingestGeneric, Body: oneAlert, Status: 200, Adds: audited, Elsewhere: 200, Session: soc.RoleAnalyst,
		},
		"POST " + prefix + "/ingest/{format}/uploads": {
			Target: ingestGeneric + "/uploads", Body: oneAlert, Status: 202, Adds: audited, Elsewhere: 202, Session: soc.RoleAnalyst,
		},
		"GET " + prefix + "/ingest/uploads/{id}":          {Target: prefix + "/ingest/uploads/" + unknownID, Status: 404, Session: soc.RoleAnalyst},
		"GET " + prefix + "/ingest/uploads/{id}/failures": {Target: prefix + "/ingest/uploads/" + unknownID + "/failures", Status: 404, Session: soc.RoleAnalyst},
		"DELETE " + prefix + "/ingest/uploads/{id}":       {Target: prefix + "/ingest/uploads/" + unknownID, Status: 404, Adds: audited, Session: soc.RoleAnalyst},
		"POST " + prefix + "/session":                     {Target: prefix + "/session", Body: `{"email":"nobody@example.org","password":"x"}`, Status: 401, Adds: audited},
		"GET " + prefix + "/session":                      {Target: prefix + "/session", Status: 200},
		"DELETE " + prefix + "/session":                   {Target: prefix + "/session", Status: 204, Adds: audited},
		"POST " + prefix + "/session/reauth":              {Target: prefix + "/session/reauth", Body: secret, Status: 200, Adds: audited},
		"POST " + prefix + "/session/second-factor":       {Target: prefix + "/session/second-factor", Body: `{"code":"000000"}`, Status: 409},
		"POST " + prefix + "/session/totp":                {Target: prefix + "/session/totp", Body: `{}`, Status: 201, Adds: audited},
		"POST " + prefix + "/session/totp/verify":         {Target: prefix + "/session/totp/verify", Body: `{"code":"000000"}`, Status: 409, Adds: audited},
		"DELETE " + prefix + "/session/totp":              {Target: prefix + "/session/totp", Status: 404, Adds: audited},
		"PUT " + prefix + "/session/password": {
			Target: prefix + "/session/password", Body: `{"current":"` + webtest.Password + `","new":"entirely different words 7"}`, Status: 204, Adds: audited,
		},
		"GET " + prefix + "/held":                          {Target: prefix + "/held", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/held/{investigation}":          {Target: prefix + "/held/" + unknownID, Status: 404},
		"POST " + prefix + "/held/{investigation}/accept":  {Target: prefix + "/held/" + unknownID + "/accept", Body: `{}`, Status: 404, Adds: audited},
		"POST " + prefix + "/held/{investigation}/reject":  {Target: prefix + "/held/" + unknownID + "/reject", Body: `{"reason":"no"}`, Status: 404, Adds: audited},
		"GET " + prefix + "/incidents/{incident}/position": {Target: prefix + "/incidents/" + unknownID + "/position", Status: 404},
		"GET " + prefix + "/feedback/calibration":          {Target: prefix + "/feedback/calibration", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/memory":                        {Target: prefix + "/memory?keyKind=detector&key=none", Status: 200, Elsewhere: 200},
		"POST " + prefix + "/memory/events/{id}/undo":      {Target: prefix + "/memory/events/" + unknownID + "/undo", Body: `{"reason":"no"}`, Status: 404, Adds: audited},
		"POST " + prefix + "/incidents/{incident}/verdict": {Target: prefix + "/incidents/" + unknownID + "/verdict", Body: `{"classification":"TruePositive","classificationReason":"Malware"}`, Status: 404, Adds: audited},
		"POST " + prefix + "/incidents/{incident}/reopen":  {Target: prefix + "/incidents/" + unknownID + "/reopen", Body: `{"reason":"no"}`, Status: 404, Adds: audited},
		"POST " + prefix + "/incidents/{incident}/entities/{entity}/promote": {
			Target: prefix + "/incidents/" + unknownID + "/entities/" + unknownID + "/promote", Status: 404, Adds: audited,
			Body: `{"to":"SensorAsserted","reason":"seen","evidenceIds":["E1"]}`,
		},
		"GET " + prefix + "/approvals":                      {Target: prefix + "/approvals", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/approvals/{gamebook}":           {Target: prefix + "/approvals/" + unknownGamebook, Status: 404},
		"POST " + prefix + "/approvals/{gamebook}/approve":  {Target: prefix + "/approvals/" + unknownGamebook + "/approve", Body: `{"digest":"sha256:x"}`, Status: 404, Adds: audited},
		"POST " + prefix + "/approvals/{gamebook}/deny":     {Target: prefix + "/approvals/" + unknownGamebook + "/deny", Body: `{"reason":"no"}`, Status: 404, Adds: audited},
		"POST " + prefix + "/approvals/{gamebook}/resubmit": {Target: prefix + "/approvals/" + unknownGamebook + "/resubmit", Body: `{"reason":"again"}`, Status: 404, Adds: audited},
		"GET " + prefix + "/approvals/{gamebook}/comments":  {Target: prefix + "/approvals/" + unknownGamebook + "/comments", Status: 404},
		"GET " + prefix + "/approvals/{gamebook}/history":   {Target: prefix + "/approvals/" + unknownGamebook + "/history", Status: 404},
		"POST " + prefix + "/approvals/{gamebook}/comments": {Target: prefix + "/approvals/" + unknownGamebook + "/comments", Body: `{"body":"why?"}`, Status: 404, Adds: audited},
		"POST " + prefix + "/approvals/batch": {
			Target: prefix + "/approvals/batch", Status: 404, Adds: audited,
			Body: `{"decision":"deny","reason":"no","items":[{"gamebookId":"` + unknownGamebook + `","digest":"x"},{"gamebookId":"` + unknownGamebook + `","digest":"x"}]}`,
		},
		"GET " + prefix + "/gamebooks":                {Target: prefix + "/gamebooks", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/gamebooks/{id}":           {Target: prefix + "/gamebooks/" + unknownGamebook, Status: 404},
		"GET " + prefix + "/gamebooks/{id}/receipt":   {Target: prefix + "/gamebooks/" + unknownGamebook + "/receipt", Status: 404},
		"POST " + prefix + "/gamebooks":               {Target: prefix + "/gamebooks", Body: `{"incidentId":"` + unknownID + `","playbooks":[{"playbook_id":"x","entity_id":"x"}]}`, Status: 404, Adds: audited},
		"POST " + prefix + "/gamebooks/{id}/rollback": {Target: prefix + "/gamebooks/" + unknownGamebook + "/rollback", Body: `{"reason":"no"}`, Status: 404, Adds: audited},
		"POST " + prefix + "/gamebooks/{id}/cancel":   {Target: prefix + "/gamebooks/" + unknownGamebook + "/cancel", Body: `{"reason":"no"}`, Status: 404, Adds: audited},
		"POST " + prefix + "/gamebooks/{id}/verify":   {Target: prefix + "/gamebooks/" + unknownGamebook + "/verify", Body: `{}`, Status: 404, Adds: audited},
		"GET " + prefix + "/kill-switch":              {Target: prefix + "/kill-switch", Status: 200, Elsewhere: 200},
		"POST " + prefix + "/kill-switch":             {Target: prefix + "/kill-switch", Body: `{"scope":"agent","id":"` + unknownID + `","engaged":true,"reason":"drill"}`, Status: 404, Adds: audited},
		"GET " + prefix + "/agents":                   {Target: prefix + "/agents", Status: 200, Elsewhere: 200},
		"POST " + prefix + "/agents":                  {Target: prefix + "/agents", Headers: here, Body: `{"name":"hunter"}`, Status: 201, Adds: audited, Admin: true},
		"PUT " + prefix + "/agents/{id}":              {Target: prefix + "/agents/" + unknownID, Headers: here, Body: `{"name":"hunter"}`, Status: 404, Adds: audited, Admin: true},
		"POST " + prefix + "/agents/{id}/suspend":     {Target: prefix + "/agents/" + unknownID + "/suspend", Body: `{"reason":"odd"}`, Status: 404, Adds: audited},
		"POST " + prefix + "/agents/{id}/unsuspend":   {Target: prefix + "/agents/" + unknownID + "/unsuspend", Body: `{"reason":"mended"}`, Status: 404, Adds: audited},
		"GET " + prefix + "/runs":                     {Target: prefix + "/runs", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/runs/{id}":                {Target: prefix + "/runs/" + unknownID, Status: 404},
		"POST " + prefix + "/runs":                    {Target: prefix + "/runs", Body: `{"incidentId":"` + unknownID + `","trigger":"ManualInvestigateOnly"}`, Status: 404, Adds: audited},
		"GET " + prefix + "/runs/{id}/transcript":     {Target: prefix + "/runs/" + unknownID + "/transcript", Status: 404},
		"GET " + prefix + "/runs/{id}/ledger":         {Target: prefix + "/runs/" + unknownID + "/ledger", Status: 404},
		"POST " + prefix + "/runs/lease":              {Target: prefix + "/runs/lease", Body: `{}`},
		"POST " + prefix + "/runs/{id}/heartbeat":     {Target: prefix + "/runs/" + unknownID + "/heartbeat", Body: `{"fence":1}`, Status: 404},
		"POST " + prefix + "/runs/{id}/finish":        {Target: prefix + "/runs/" + unknownID + "/finish", Body: `{"fence":1,"chain":"","outcome":"done"}`, Status: 404},
		"PUT " + prefix + "/runs/{id}/stages/{stage}": {Target: prefix + "/runs/" + unknownID + "/stages/verdict", Body: `{"fence":1,"chain":"","usage":{"model":"m","modelCalls":1,"tokensIn":1,"tokensOut":1,"estimated":false}}`, Status: 404},
		"POST " + prefix + "/runs/{id}/cancel":        {Target: prefix + "/runs/" + unknownID + "/cancel", Body: `{"reason":"no"}`, Status: 404, Adds: audited},
		"GET " + prefix + "/sessions":                 {Target: prefix + "/sessions", Status: 200},
		"DELETE " + prefix + "/sessions/{id}":         {Target: prefix + "/sessions/" + unknownID, Status: 404},

		"GET " + prefix + "/gamebooks/{id}/explain":        {Target: prefix + "/gamebooks/" + unknownGamebook + "/explain", Status: 404},
		"POST " + prefix + "/gamebooks/simulate":           {Target: prefix + "/gamebooks/simulate", Body: `{"incidentId":"` + unknownID + `","playbooks":[{"playbook_id":"x","entity_id":"x"}]}`, Status: 404, Adds: audited},
		"GET " + prefix + "/breakers":                      {Target: prefix + "/breakers", Status: 200, Elsewhere: 200},
		"POST " + prefix + "/breakers/{population}/close":  {Target: prefix + "/breakers/host/close", Body: `{"reason":"over"}`, Status: 200},
		"GET " + prefix + "/policy":                        {Target: prefix + "/policy", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/policy/settings/{severity}":    {Target: prefix + "/policy/settings/High", Status: 200, Elsewhere: 200},
		"PUT " + prefix + "/policy/settings/{severity}":    {Target: prefix + "/policy/settings/High", Body: shippedSettings(t), Status: 200, Elsewhere: 200},
		"GET " + prefix + "/policy/limits":                 {Target: prefix + "/policy/limits", Status: 200, Elsewhere: 200},
		"PUT " + prefix + "/policy/limits":                 {Target: prefix + "/policy/limits", Body: encoded(t, soc.ShippedLimits().Record()), Status: 200, Elsewhere: 200},
		"GET " + prefix + "/policy/protected":              {Target: prefix + "/policy/protected", Status: 200, Elsewhere: 200},
		"POST " + prefix + "/policy/protected":             {Target: prefix + "/policy/protected", Body: `{"match":{"kind":"cidr","value":"no address"},"mode":"never","reason":"r"}`, Status: 400, Elsewhere: 400, Adds: audited},
		"DELETE " + prefix + "/policy/protected/{id}":      {Target: prefix + "/policy/protected/" + unknownID, Status: 404, Adds: audited},
		"GET " + prefix + "/policy/rules":                  {Target: prefix + "/policy/rules", Status: 200, Elsewhere: 200},
		"POST " + prefix + "/policy/rules":                 {Target: prefix + "/policy/rules", Body: `{"name":"x","effect":"forbid","when":"severity ==","mode":"enforce"}`, Status: 400, Elsewhere: 400, Adds: audited},
		"PUT " + prefix + "/policy/rules/{id}":             {Target: prefix + "/policy/rules/none", Body: `{"effect":"forbid","when":"true","mode":"enforce"}`, Status: 404, Adds: audited},
		"DELETE " + prefix + "/policy/rules/{id}":          {Target: prefix + "/policy/rules/none", Status: 404, Adds: audited},
		"GET " + prefix + "/policy/rules/{id}/log":         {Target: prefix + "/policy/rules/none/log", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/policy/versions":               {Target: prefix + "/policy/versions", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/policy/diff":                   {Target: prefix + "/policy/diff?from=1", Status: 200, Elsewhere: 200},
		"POST " + prefix + "/policy/simulate":              {Target: prefix + "/policy/simulate", Body: `{"rules":[],"window":"P1D"}`, Status: 200, Elsewhere: 200, Adds: audited},
		"POST " + prefix + "/policy/restore":               {Target: prefix + "/policy/restore", Body: `{"version":99}`, Status: 404, Adds: audited},
		"GET " + prefix + "/sources":                       {Target: prefix + "/sources", Status: 200, Elsewhere: 200},
		"PUT " + prefix + "/sources/{source}":              {Target: prefix + "/sources/Sentinel", Body: `{"dedupWindowHours":1,"silentAfterMinutes":1}`, Status: 404, Adds: audited},
		"GET " + prefix + "/catalogue":                     {Target: prefix + "/catalogue", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/catalogue/lint":                {Target: prefix + "/catalogue/lint", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/catalogue/{playbook}":          {Target: prefix + "/catalogue/none", Status: 404},
		"POST " + prefix + "/catalogue/validate":           {Target: prefix + "/catalogue/validate", Body: `{"yaml":"x"}`, Status: 200, Elsewhere: 200},
		"POST " + prefix + "/catalogue/{playbook}/disable": {Target: prefix + "/catalogue/none/disable", Body: `{"reason":"r"}`, Status: 404, Adds: audited},
		"POST " + prefix + "/catalogue/{playbook}/enable":  {Target: prefix + "/catalogue/none/enable", Body: `{"reason":"r"}`, Status: 404, Adds: audited},
		"GET " + prefix + "/sops":                          {Target: prefix + "/sops", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/sops/{id}":                     {Target: prefix + "/sops/none", Status: 404},
		"GET " + prefix + "/sops/{id}/versions":            {Target: prefix + "/sops/none/versions", Status: 404},
		"GET " + prefix + "/sops/{id}/diff":                {Target: prefix + "/sops/none/diff", Status: 404},
		"POST " + prefix + "/sops":                         {Target: prefix + "/sops", Body: sopForm("x"), Headers: []string{sopMedia}, Status: 400, Elsewhere: 400, Adds: audited},
		"POST " + prefix + "/sops/{id}/versions":           {Target: prefix + "/sops/none/versions", Body: sopForm("x"), Headers: []string{sopMedia}, Status: 404, Adds: audited},
		"PUT " + prefix + "/sops/{id}/match":               {Target: prefix + "/sops/none/match", Body: `{"sources":[],"severities":[],"incidentTypes":[],"tactics":[],"playbookIds":[],"priority":0}`, Status: 404, Adds: audited},
		"POST " + prefix + "/sops/{id}/disable":            {Target: prefix + "/sops/none/disable", Body: `{"reason":"r"}`, Status: 404, Adds: audited},
		"GET " + prefix + "/connectors":                    {Target: prefix + "/connectors", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/connectors/{id}":               {Target: prefix + "/connectors/" + unknownID, Status: 404},
		"POST " + prefix + "/connectors":                   {Target: prefix + "/connectors", Body: `{"kind":"range","name":" "}`, Status: 400, Elsewhere: 400, Adds: audited},
		"PUT " + prefix + "/connectors/{id}":               {Target: prefix + "/connectors/" + unknownID, Body: `{"kind":"range","name":"drill"}`, Status: 404, Adds: audited},
		"POST " + prefix + "/connectors/{id}/enable":       {Target: prefix + "/connectors/" + unknownID + "/enable", Body: `{"reason":"drill"}`, Status: 404, Adds: audited},
		"POST " + prefix + "/connectors/{id}/disable":      {Target: prefix + "/connectors/" + unknownID + "/disable", Body: `{"reason":"drill"}`, Status: 404, Adds: audited},
		"DELETE " + prefix + "/connectors/{id}":            {Target: prefix + "/connectors/" + unknownID, Status: 404, Adds: audited},
		"PUT " + prefix + "/connectors/{id}/secrets":       {Target: prefix + "/connectors/" + unknownID + "/secrets", Body: `{"secrets":{"token":"x"}}`, Status: 404, Adds: audited},
		"POST " + prefix + "/connectors/{id}/check":        {Target: prefix + "/connectors/" + unknownID + "/check", Body: `{}`, Status: 404, Adds: audited},
		"GET " + prefix + "/audit":                         {Target: prefix + "/audit", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/audit/{position}":              {Target: prefix + "/audit/999999999", Status: 404},
		"GET " + prefix + "/audit/checkpoints":             {Target: prefix + "/audit/checkpoints", Status: 200, Elsewhere: 200},
		"POST " + prefix + "/audit/verify":                 {Target: prefix + "/audit/verify", Body: `{"to":2}`, Status: 200, Elsewhere: 200, Adds: audited},
		"GET " + prefix + "/changes":                       {Target: prefix + "/changes", Status: 200, Elsewhere: 200},
		"GET " + prefix + "/changes/{id}":                  {Target: prefix + "/changes/" + unknownID, Status: 404},
		"POST " + prefix + "/changes/{id}/confirm":         {Target: prefix + "/changes/" + unknownID + "/confirm", Body: `{"digest":"sha256:x"}`, Status: 404, Adds: audited},
		"POST " + prefix + "/changes/{id}/reject":          {Target: prefix + "/changes/" + unknownID + "/reject", Body: `{"reason":"no"}`, Status: 404, Adds: audited},

		"GET " + prefix + "/keys":                          {Target: prefix + "/keys", Status: 200},
		"GET " + prefix + "/service-accounts":              {Target: prefix + "/service-accounts", Status: 200},
		"DELETE " + prefix + "/keys/{id}":                  {Target: prefix + "/keys/" + unknownID, Status: 404, Adds: audited, Admin: true},
		"DELETE " + prefix + "/service-accounts/{id}":      {Target: prefix + "/service-accounts/" + unknownID, Status: 404, Adds: audited, Admin: true},
		"POST " + prefix + "/keys/{id}/rotate":             {Target: prefix + "/keys/" + unknownID + "/rotate", Body: `{}`, Status: 404, Adds: audited, Admin: true},
		"POST " + prefix + "/service-accounts/{id}/rotate": {Target: prefix + "/service-accounts/" + unknownID + "/rotate", Body: `{}`, Status: 404, Adds: audited, Admin: true},
		"POST " + prefix + "/keys/self/rotate":             {Target: prefix + "/keys/self/rotate", Body: `{}`},

		"POST " + prefix + "/keys":             {Target: prefix + "/keys", Body: `{"name":"k","kind":"service","scopes":["ops:read"],"workspaceIds":["` + unknownID + `"],"role":"viewer"}`, Status: 404, Adds: audited, Admin: true},
		"POST " + prefix + "/service-accounts": {Target: prefix + "/service-accounts", Body: `{"name":"k","scopes":["ops:read"],"workspaceIds":["` + unknownID + `"],"role":"viewer"}`, Status: 404, Adds: audited, Admin: true},
		"POST " + prefix + "/keys/{id}/secret": {Target: prefix + "/keys/" + unknownID + "/secret", Body: `{}`, Status: 404, Adds: audited, Admin: true},

		"PUT " + prefix + "/people/{id}/roles":    {Target: prefix + "/people/" + unknownID + "/roles", Body: `{"grants":[]}`, Status: 404, Adds: audited, Admin: true},
		"POST " + prefix + "/people/{id}/disable": {Target: prefix + "/people/" + unknownID + "/disable", Body: `{"reason":"left"}`, Status: 404, Adds: audited, Admin: true},
		"POST " + prefix + "/workspaces":          {Target: prefix + "/workspaces", Body: `{"name":"Third"}`, Status: 201, Adds: audited, Admin: true},
		"PUT " + prefix + "/organization":         {Target: prefix + "/organization", Body: `{"secondFactorRoles":[]}`, Status: 200, Adds: audited, Admin: true},

		"GET " + prefix + "/people":       {Target: prefix + "/people", Status: 200},
		"GET " + prefix + "/workspaces":   {Target: prefix + "/workspaces", Status: 200},
		"GET " + prefix + "/organization": {Target: prefix + "/organization", Status: 200},
	}
	maps.Copy(examples, auditTaskExamples())
	h.Matrix(t, web.Ops(webtest.PublicURL), examples)
}
