package soc

// RuleText says in one sentence what a gate rule found; "" for no rule of the
// gate. The sentences name no setting (S19).
func RuleText(id string) string { return ruleTexts[id] }

var ruleTexts = map[string]string{
	"g1":  "A kill switch is engaged.",
	"g2":  "The credential that asked has ended or is suspended.",
	"g3":  "An entry failed its checks.",
	"g4":  "The policy, the catalogue or the protected list cannot be read whole.",
	"g5":  "The incident is closed, or agents are switched off for its severity.",
	"g6":  "A rule forbids it, steps contradict each other, too many targets are named, or a target is never touched.",
	"g7":  "Only an agent vouches for a target.",
	"g8":  "The run may investigate only.",
	"g9":  "Response by agents is off for the incident's severity.",
	"g10": "A target is protected: two people decide.",
	"g11": "A step cannot be undone: two people decide.",
	"g12": "A step is above what may run alone, or the requester's role is below what a change needs.",
	"g13": "A target was read out of text that anybody could have written.",
	"g14": "The run was shown text that a detector of hostile content hit.",
	"g15": "The run was shown text that an attacker may have written.",
	"g16": "A limit on the number of actions is reached.",
	"g17": "Many targets at once, or the breaker of a population is open: two people decide.",
	"g18": "The policy of the workspace wants a person to look.",
	"g19": "Nothing speaks against it.",
}
