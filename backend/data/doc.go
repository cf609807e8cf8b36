// Package data holds the files that are embedded in the binary: warning lists,
// ATT&CK tables, standard operating procedures and demonstration incidents,
// each beside the licence notice it came with, and the indexes that make them
// quick to look up.
//
// There are no rules here and nothing of ours is imported: what a match means
// is decided in backend/soc. Files are read on first use and never again.
package data
