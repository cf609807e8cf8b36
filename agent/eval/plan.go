package eval

import (
	"regexp"
	"slices"
	"strings"
)

// Search are the arguments of one call of search_evidence.
type Search struct {
	Incident string `json:"incident_id"`
	Query    string `json:"query,omitempty"`
	Match    string `json:"match,omitempty"`
	Type     string `json:"type,omitempty"`
	Limit    int    `json:"limit,omitempty"`
}

// Budget of a question (T28): calls, and tokens of four characters per call.
const (
	LookupCalls  = 3
	LookupTokens = 1000
)

// searchRows and queryWidth are what a call asks for: about as many rows as fit
// into its tokens, by a query no longer than the tool takes.
const (
	searchRows = 20
	queryWidth = 200
)

// asked says which words of a question name which type of evidence. The order
// is that of the calls: the more exactly a word names its type, the earlier.
var asked = []struct {
	kind  string
	words *regexp.Regexp
}{
	{"network", regexp.MustCompile(`ip\b|ips\b|ip address`)},
	{"url", regexp.MustCompile(`\burls?\b|link|domain|website`)},
	{"mail", regexp.MustCompile(`e-?mail|recipient|sender|mailbox|received|subject`)},
	{"account", regexp.MustCompile(`\bsid\b|security identifier|user|account|who\b|upn|object id|principal`)},
	{"host", regexp.MustCompile(`host|device|machine|computer|system\b|workstation`)},
	{"registry", regexp.MustCompile(`registry|run key`)},
	{"cloud", regexp.MustCompile(`\bapp(lication)? ?id|oauth|cloud|resource|application`)},
	{"logon", regexp.MustCompile(`session`)},
	{"process", regexp.MustCompile(`process|command|executed|tool|executable|launched|ran\b|script|run\b|cmd|program`)},
	{"file", regexp.MustCompile(`\bfile|sha|hash|md5|dropped|malware|folder|director|ransomware`)},
}

// Plan makes the calls for a question from its words alone, as a client without
// a model could: the types it names first, by the question's words, then any
// type, then with the words of the context too.
func Plan(q Question, incident string) []Search {
	lower := strings.ToLower(q.Text)
	own, wide := query(q.Text), query(q.Text+" "+q.Context)
	var calls []Search
	for _, a := range asked {
		if len(calls) < 2 && a.words.MatchString(lower) {
			calls = append(calls, Search{Query: own, Type: a.kind})
		}
	}
	calls = append(calls, Search{Query: own}, Search{Query: wide}, Search{Query: wide, Type: "process"})
	calls = calls[:LookupCalls]
	for i := range calls {
		calls[i].Incident, calls[i].Match, calls[i].Limit = incident, "any", searchRows
	}
	return calls
}

// filler are words that say nothing about which evidence is meant.
var filler = strings.Fields(`a an and are as at be been by can could did do does for from had has have he her his i identify in into is it its of on
or our out please provide s security incident related that the their there these this to was we were what when where which who whose why will
with you your tell involved associated during following part recent alert alerts activity activities name retrieve find possible potentially
potential suspicious malicious`)

var word = regexp.MustCompile(`[a-z0-9][a-z0-9_.@:\-\\/]*[a-z0-9]|[a-z0-9]+`)

// query is the words of a text that fit into one query, each once.
func query(text string) string {
	var words []string
	width := 0
	for _, w := range word.FindAllString(strings.ToLower(text), -1) {
		if len(w) < 2 || slices.Contains(filler, w) || slices.Contains(words, w) || width+len(w)+1 > queryWidth {
			continue
		}
		words = append(words, w)
		width += len(w) + 1
	}
	return strings.Join(words, " ")
}
