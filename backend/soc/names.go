package soc

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Knows reports whether name is one of the entity's known names, compared in
// NFC and without regard to case (S11). It is a check of what a caller wrote
// beside an id and never a way to find an entity.
func (e Entity) Knows(name string) bool {
	name = norm.NFC.String(name)
	same := func(known string) bool { return known != "" && strings.EqualFold(norm.NFC.String(known), name) }
	return same(e.Display) || same(e.Value) || slices.ContainsFunc(e.Names, same)
}
