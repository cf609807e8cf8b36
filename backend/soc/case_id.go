package soc

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// Prefixes of the case family's ids (case-api.md section 1).
const (
	CasePrefixAlert       = "alert_"
	CasePrefixCase        = "case_"
	CasePrefixUser        = "user_"
	CasePrefixObservable  = "obs_"
	CasePrefixComment     = "cmt_"
	CasePrefixAttachment  = "att_"
	CasePrefixReport      = "rpt_"
	CasePrefixSuppression = "sup_"
	CasePrefixEvent       = "evt_"
)

// caseDigits is how many base-32 digits 128 bits take: the first has 3 of them.
const caseDigits = 26

// CaseID spells a UUID as the case family does: the prefix and the 128 bits in
// 26 Crockford digits, upper case. It is empty for what is no UUID in lower
// case: there is nothing of that id to name.
func CaseID(prefix, uuid string) string {
	bits, ok := uuidBytes(uuid)
	if !ok {
		return ""
	}
	high, low := binary.BigEndian.Uint64(bits[:8]), binary.BigEndian.Uint64(bits[8:])
	var digits [caseDigits]byte
	for i := caseDigits - 1; i >= 0; i-- {
		digits[i] = crockford[low&31]
		low = low>>5 | high<<59
		high >>= 5
	}
	return prefix + string(digits[:])
}

// UUIDOfCaseID reads what CaseID spells, and nothing else: every other spelling
// of the same bits is refused, so that an id has one form.
func UUIDOfCaseID(prefix, id string) (uuid string, ok bool) {
	digits, found := strings.CutPrefix(id, prefix)
	if !found || len(digits) != caseDigits || digits[0] > '7' {
		return "", false
	}
	var high, low uint64
	for i := range len(digits) {
		digit := strings.IndexByte(crockford, digits[i])
		if digit < 0 {
			return "", false
		}
		high = high<<5 | low>>59
		low = low<<5 | uint64(digit) //nolint:gosec // 0 to 31
	}
	var bits [16]byte
	binary.BigEndian.PutUint64(bits[:8], high)
	binary.BigEndian.PutUint64(bits[8:], low)
	return formatUUID(bits), true
}

func formatUUID(bits [16]byte) string {
	text := hex.EncodeToString(bits[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// uuidBytes reads a UUID in lower case with hyphens.
func uuidBytes(uuid string) (bits [16]byte, ok bool) {
	if len(uuid) != 36 || uuid[8] != '-' || uuid[13] != '-' || uuid[18] != '-' || uuid[23] != '-' {
		return bits, false
	}
	digits := uuid[:8] + uuid[9:13] + uuid[14:18] + uuid[19:23] + uuid[24:]
	if strings.Trim(digits, "0123456789abcdef") != "" {
		return bits, false
	}
	n, err := hex.Decode(bits[:], []byte(digits))
	return bits, err == nil && n == len(bits)
}

// ArrivalPosition is the place of a UUIDv7 in the order in which they were
// minted: the 48 bits of its millisecond, then the 12 that its maker counts up
// within it (RFC 9562, section 6.2, method 3). It is 0 for what is no UUID.
func ArrivalPosition(uuid string) int64 {
	bits, ok := uuidBytes(uuid)
	if !ok {
		return 0
	}
	high := binary.BigEndian.Uint64(bits[:8])
	return int64(high>>16<<12 | high&0xfff) //nolint:gosec // 60 bits
}
