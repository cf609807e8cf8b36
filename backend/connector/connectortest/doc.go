// Package connectortest is the bench on which every product's connector is
// tried: a vendor's fake on a real listener, the ways in which real products
// and the networks before them misbehave, and what a connector must make of
// each (S22, S26, S54). For tests alone.
package connectortest
