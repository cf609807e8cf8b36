package store

// Installation reads a shared setting of the whole installation.
func (r *Reader) Installation(name string) (value string, found bool, err error) {
	return one(r, func(x row) (string, error) {
		var v string
		err := x.Scan(&v)
		return v, err
	}, `SELECT value FROM installation WHERE name = $1`, name)
}

// SetInstallation stores a shared setting.
func (tx *Tx) SetInstallation(name, value string) error {
	return tx.insert(`INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
}
