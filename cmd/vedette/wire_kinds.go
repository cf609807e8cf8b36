package main

import (
	"vedette/backend/connector"
	"vedette/backend/connector/simrange"
)

// connectorKinds are the products that can be configured, one line each.
func connectorKinds() connector.Kinds {
	return connector.Kinds{
		simrange.Kind(),
	}
}
