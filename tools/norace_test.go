//go:build !race

package tools

// underRace is true where the race detector makes everything many times slower.
const underRace = false
