package sentinelone

import (
	"net/http"
	"strings"
	"testing"

	"vedette/backend/connector"
	"vedette/backend/connector/connectortest"
	"vedette/backend/soc"
)

func verdict(v soc.Verdict) connector.Verdict {
	return connector.Verdict{Key: "decision-1", ExternalID: "715718962991148224", Verdict: v, Reason: "Other", Comment: "Known scanner."}
}

func TestSentinelOneVerdictIsWrittenOnce(t *testing.T) {
	connectortest.VerdictTrial{
		New: func(t *testing.T) connectortest.VerdictBench {
			b := open(t, nil)
			return connectortest.VerdictBench{
				Writer: b.Connector, Vendor: b.Vendor, Comments: func() int { return len(b.threats[0].notes) },
				Closed: func() bool { return b.threats[0].verdict == "false_positive" && b.threats[0].status == "resolved" },
			}
		},
		Verdict: verdict(soc.VerdictFalsePositive),
		Acts: []func(*http.Request) bool{
			connectortest.On(http.MethodPost, "/threats/notes"), connectortest.On(http.MethodPost, "/analyst-verdict"), connectortest.On(http.MethodPost, "/incident"),
		},
		Errors: body(5000010, "Server could not process the request"), Secrets: []string{token},
	}.Run(t)
}

func TestSentinelOneWordsOfVerdicts(t *testing.T) {
	for _, v := range soc.AllVerdicts {
		b := open(t, nil)
		if err := b.WriteVerdict(t.Context(), verdict(v)); err != nil {
			t.Fatal(err)
		}
		note := b.threats[0].notes[0]
		if b.threats[0].verdict != words[v] || b.threats[0].status != resolved || !strings.Contains(note, string(v)) || !strings.Contains(note, "Known scanner.") {
			t.Errorf("%s became %+v", v, b.threats[0])
		}
	}
	b := open(t, nil)
	for _, id := range []string{"", "1", "715718962991148299", "715718962991148224/notes"} {
		v := verdict(soc.VerdictTruePositive)
		v.ExternalID = id
		if err := b.WriteVerdict(t.Context(), v); connector.OutcomeOf(err) != connector.Refused {
			t.Errorf("%q: %v", id, err)
		}
	}
	b.denied["/web/api/v2.1/threats/incident"] = true
	if err := b.WriteVerdict(t.Context(), verdict(soc.VerdictTruePositive)); connector.OutcomeOf(err) != connector.Refused || !strings.Contains(err.Error(), "Update Incident Status") {
		t.Errorf("a missing permission: %v", err)
	}
}
