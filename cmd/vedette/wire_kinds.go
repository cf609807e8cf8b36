package main

import (
	"vedette/backend/connector"
	"vedette/backend/connector/declared"
	"vedette/backend/connector/defender"
	"vedette/backend/connector/falcon"
	"vedette/backend/connector/msgraph"
	"vedette/backend/connector/qradar"
	"vedette/backend/connector/sentinelapi"
	"vedette/backend/connector/sentinelone"
	"vedette/backend/connector/simrange"
	"vedette/backend/connector/splunk"
	"vedette/backend/connector/xdr"
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
		sentinelapi.Kind(),
		xdr.Kind(),
		simrange.Kind(),
	}
}
