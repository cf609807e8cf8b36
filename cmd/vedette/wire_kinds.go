package main

import (
	"vedette/backend/connector"
	"vedette/backend/connector/declared"
	"vedette/backend/connector/defender"
	"vedette/backend/connector/falcon"
	"vedette/backend/connector/msgraph"
	"vedette/backend/connector/sentinelone"
	"vedette/backend/connector/simrange"
)

// connectorKinds are the products that can be configured, one line each.
func connectorKinds() connector.Kinds {
	return connector.Kinds{
		falcon.Kind(),
		sentinelone.Kind(),
		defender.Kind(),
		declared.Kind(),
		msgraph.Kind(),
		simrange.Kind(),
	}
}
