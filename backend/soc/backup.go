package soc

// Backup describes a copy of a database and what a check of it found.
type Backup struct {
	Path   string
	Bytes  int64
	SHA256 string // of the file, hexadecimal
	Schema int64  // number of its last migration
	// Position and Hash are the head of its audit.
	Position int64
	Hash     string
	// Problems are empty where the copy is whole.
	Problems []string
}
