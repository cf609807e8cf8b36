// Package sentinelapi tells Microsoft Sentinel, by the API of Azure Resource
// Manager, how its incidents were closed: a comment, the status and the
// classification. Package sentinel maps what comes from there.
//
// A change repeats what it read of the incident under the etag it read: where
// somebody changed the incident meanwhile, the API declines and it is read again,
// so nobody's words are overwritten. A comment has one id per decision.
package sentinelapi
