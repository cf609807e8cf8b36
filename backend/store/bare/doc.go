// Package bare is the raw engine: the same rows and the same reads as the
// product's, through one connection and prepared statements, without anything
// of Vedette between the caller and the database. `vedette bench` puts its
// figures beside the product's, and `vedette selftest` asks it what an engine
// thinks of a file.
//
// It knows tables, not nouns. It must never be used to serve anybody, it never
// checks a right and it writes only into databases made for a measurement.
package bare
