// Package qradar tells IBM QRadar how an offense was closed here: a note, and the
// closing of the offense with one of the deployment's closing reasons. It carries
// no playbook out.
//
// A note and a closing are two calls. Each is looked for before it is made, so
// that an attempt after a lost answer neither repeats the note nor leaves the
// offense open.
package qradar
