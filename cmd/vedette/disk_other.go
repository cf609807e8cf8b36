//go:build !linux && !darwin

package main

// freeDisk is not known on this system.
func (d database) freeDisk() (share float64, known bool) { return 0, false }
