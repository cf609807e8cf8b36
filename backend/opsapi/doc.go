// Package opsapi is the operations family, /api/ops/v1: what people operate,
// and what their keys may read and tighten (contracts/ops-api.md). One file per
// noun translates requests to operations of the desk and results to the wire.
//
// Never here: a rule (soc or the desk decide), SQL, another family's words.
package opsapi

import (
	"vedette/backend"
	"vedette/backend/web"
)

// api is what the routes of this family share.
type api struct {
	registry *web.Registry
	family   *web.Family
	desk     *backend.Desk
	// seal makes page tokens.
	seal *web.Sealer
}

const prefix = "/api/ops/v1"

// Register adds the family's routes.
func Register(registry *web.Registry, publicURL string, desk *backend.Desk, seal *web.Sealer) {
	a := &api{registry: registry, family: web.Ops(publicURL), desk: desk, seal: seal}
	a.registerSession()
	a.registerIngest()
	a.registerUploads()
	a.registerSources()
	a.registerHeld()
	a.registerEntities()
	a.registerPosition()
	a.registerMemory()
	a.registerFeedback()
	a.registerAttention()
	a.registerApprovals()
	a.registerGamebooks()
	a.registerKillSwitch()
	a.registerExplain()
	a.registerPolicy()
	a.registerPolicyVersions()
	a.registerCatalogue()
	a.registerSOPs()
	a.registerChanges()
	a.registerAgents()
	a.registerRuns()
	a.registerTranscripts()
	a.registerLoop()
	a.registerConnectors()
	a.registerAudit()
	a.registerBackups()
	a.registerKeys()
	a.registerKeyWrites()
	a.registerPeople()
	a.registerPeopleWrites()
}
