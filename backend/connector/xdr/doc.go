// Package xdr tells Microsoft Defender XDR, by the security API of Microsoft
// Graph version 1.0, how its incidents were closed: comment, status,
// classification and determination. Actions on endpoints are package defender's,
// on accounts package msgraph's.
package xdr
