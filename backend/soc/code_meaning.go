package soc

// CodeMeaning says what a code is and what its reader does next. The texts are
// the server's own: they never tell a way around a refusal and name no setting
// (S19).
type CodeMeaning struct {
	Code  Code
	Group string // of safety.md section 3
	// Kind of the Error that carries the code; empty for codes that are no
	// failure of a request (queue and hold reasons, states, receipts).
	Kind    Kind
	Meaning string
	// Next is the next step, one or two sentences.
	Next string
}

// NextStep is the one source of what to do about a code, for every door;
// "" for a word that is no code.
func NextStep(c Code) string {
	m, _ := MeaningOf(c)
	return m.Next
}

// MeaningOf describes a code.
func MeaningOf(c Code) (CodeMeaning, bool) {
	for _, group := range codeMeanings() {
		for _, m := range group {
			if m.Code == c {
				return m, true
			}
		}
	}
	return CodeMeaning{}, false
}

func codeMeanings() [][]CodeMeaning {
	return [][]CodeMeaning{
		entryMeanings(), denyMeanings(), queueMeanings(), receiptMeanings(),
		authorityMeanings(), approvalMeanings(), executionMeanings(), verdictMeanings(),
		holdMeanings(), loopMeanings(), transportMeanings(), familyMeanings(),
	}
}
