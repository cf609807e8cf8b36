// Package soc is the vocabulary of the house: the nouns of a security
// operations centre and the rules that are true with no clock, disk or
// network. The policy gate, the floor (the deterministic triager), canonical
// actions and their digests live here.
//
// It imports the standard library only (golang.org/x/text for Unicode
// normalisation is the one exception, see names.go). There is no I/O, no
// randomness, no global state and no SQL or HTTP in this package; stored words
// are the strings of the closed sets below and never change their meaning. How
// each door family spells them is in words.go and verdict_words.go.
package soc
