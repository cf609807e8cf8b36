package soc

import (
	"strconv"
	"strings"
	"time"
)

// timeLayouts are the spellings of the products we read. One without a zone is
// UTC, as all of them document. Month comes before day where both are numbers
// with slashes (Microsoft's exports).
var timeLayouts = []string{
	time.RFC3339Nano,
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999 Z07:00",
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02 15:04:05.999999999Z0700",
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999",
	"1/2/2006 15:04:05.999999999",
	"1/2/2006 3:04:05.999999999 PM",
	"1/2/2006, 3:04:05.999999999 PM",
	"1/2/2006, 15:04:05.999999999",
	"2006-01-02",
	time.RFC1123Z,
	time.RFC1123,
}

// ParseTime reads a time as products spell it, zone-less ones and Unix times
// (seconds, milliseconds or microseconds by size) included. ok is false for
// anything else and for years outside 1970-9999.
func ParseTime(text string) (t time.Time, ok bool) {
	s := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "[UTC]"))
	if s == "" || len(s) > 64 {
		return time.Time{}, false
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return unixTime(n)
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), t.Year() >= 1970 && t.Year() <= 9999
		}
	}
	return time.Time{}, false
}

func unixTime(n float64) (time.Time, bool) {
	switch {
	case n >= 1e8 && n < 1e11:
		return time.UnixMicro(int64(n * 1e6)).UTC(), true
	case n >= 1e11 && n < 1e14:
		return time.UnixMilli(int64(n)).UTC(), true
	case n >= 1e14 && n < 1e17:
		return time.UnixMicro(int64(n)).UTC(), true
	}
	return time.Time{}, false
}
