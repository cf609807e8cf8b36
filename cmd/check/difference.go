package main

import (
	"bytes"
	"strings"
)

// lineDifference shows the first stretch in which two texts differ, with - for
// the old lines and + for the new.
func lineDifference(before, after []byte) string {
	old, now := bytes.Split(before, []byte("\n")), bytes.Split(after, []byte("\n"))
	start := 0
	for start < len(old) && start < len(now) && bytes.Equal(old[start], now[start]) {
		start++
	}
	endOld, endNow := len(old), len(now)
	for endOld > start && endNow > start && bytes.Equal(old[endOld-1], now[endNow-1]) {
		endOld, endNow = endOld-1, endNow-1
	}
	var text strings.Builder
	write := func(mark string, lines [][]byte) {
		for _, line := range lines {
			text.WriteString(mark + string(line) + "\n")
		}
	}
	const context = 3
	write("  ", old[max(0, start-context):start])
	write("- ", old[start:endOld])
	write("+ ", now[start:endNow])
	write("  ", old[endOld:min(len(old), endOld+context)])
	return text.String()
}
