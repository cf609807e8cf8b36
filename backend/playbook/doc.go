// Package playbook is the catalogue of response actions: its file format, the
// checks a file must pass, the class of every action and the content hash that
// an approval is bound to (safety.md section 1, S23, S24).
//
// The catalogue is the only list of what Vedette may do to the world, so its
// rules are computed here and never taken from a request: a playbook whose
// effect cannot be undone by another playbook of the same catalogue is
// irreversible, whatever its file claims.
//
// Pure: no clock, disk or network (the shipped file is embedded), no SQL, no
// HTTP, no policy. Whether a playbook may run is the gate's business; how it
// reaches a product is a connector's.
package playbook
