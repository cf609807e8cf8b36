// Package sentinelone carries actions out by the SentinelOne management API,
// version 2.1: it cuts endpoints off and joins them again, quarantines the files
// of known threats and gives them back, and writes verdicts on threats.
//
// The API answers an action with how many things it was sent to, which is not
// yet an effect: endpoints are read back by their network status, files by what
// was done to every threat of their hash.
package sentinelone
