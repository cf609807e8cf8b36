package main

import (
	"vedette/backend/connector"
	"vedette/backend/connector/declared"
	"vedette/backend/connector/defender"
	"vedette/backend/connector/falcon"
	"vedette/backend/connector/msgraph"
	"vedette/backend/connector/qradar"
	"vedette/backend/connector/sentinelone"
	"vedette/backend/connector/simrange"
	"vedette/backend/connector/splunk"
)

// connectorKinds are the products that can be configured, one line each.
func connectorKinds() connector.Kinds {
	return connector.Kinds{
		falcon.Kind(),
		sentinelone.Kind(),
		defender.Kind(),
		splunk.Kind(),
		qradar.Kind(),
		declared.Kind(),
		msgraph.Kind(),
		simrange.Kind(),
	}
}
