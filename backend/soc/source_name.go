package soc

// SourceDisplayName is how people call a source: the product's full name for
// the six with a fixed spelling, a slug as it is.
func SourceDisplayName(source string) string {
	switch source {
	case SourceSentinel:
		return "Microsoft Sentinel"
	case SourceDefenderXDR:
		return "Microsoft Defender XDR"
	case SourceQRadar:
		return "IBM QRadar"
	case SourceCrowdStrike:
		return "CrowdStrike Falcon"
	}
	return source
}
