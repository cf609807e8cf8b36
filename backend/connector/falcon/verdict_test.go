package falcon

import (
	"net/http"
	"strings"
	"testing"

	"vedette/backend/connector"
	"vedette/backend/connector/connectortest"
	"vedette/backend/soc"
)

func verdict(v soc.Verdict) connector.Verdict {
	return connector.Verdict{Key: "decision-1", ExternalID: alertID, Verdict: v, Reason: "Other", Comment: "Known scanner."}
}

func TestFalconVerdictIsWrittenOnce(t *testing.T) {
	connectortest.VerdictTrial{
		New: func(t *testing.T) connectortest.VerdictBench {
			b := connect(t, nil)
			return connectortest.VerdictBench{
				Writer: b.Connector, Vendor: b.Vendor, Comments: func() int { return len(b.cloud.alert.comments) },
				Closed: func() bool {
					return b.cloud.alert.status == "closed" && len(b.cloud.alert.tags) == 1 && b.cloud.alert.tags[0] == "false_positive"
				},
			}
		},
		Verdict: verdict(soc.VerdictFalsePositive), Acts: []func(*http.Request) bool{connectortest.On(http.MethodPatch, "/alerts/v3")},
		Errors: wrong(500), Secrets: []string{clientSecret, "bearer-for-tests"},
	}.Run(t)
}

func TestFalconWordsOfVerdicts(t *testing.T) {
	for v, tag := range tags {
		b := connect(t, nil)
		b.cloud.alert.status = "new"
		if err := b.WriteVerdict(t.Context(), verdict(v)); err != nil {
			t.Fatal(err)
		}
		if a := b.cloud.alert; a.status != "closed" || strings.Join(a.tags, ",") != tag || !strings.Contains(a.comments[0]["value"].(string), "Known scanner.") {
			t.Errorf("%s became %+v", v, a)
		}
	}
	b := connect(t, nil)
	for _, v := range []soc.Verdict{soc.VerdictFalsePositive, soc.VerdictTruePositive} {
		decided := verdict(v)
		decided.Key = string(v)
		if err := b.WriteVerdict(t.Context(), decided); err != nil {
			t.Fatal(err)
		}
	}
	if a := b.cloud.alert; strings.Join(a.tags, ",") != "true_positive" || len(a.comments) != 2 {
		t.Errorf("a second decision left %+v", a)
	}
	b = connect(t, nil)
	if err := b.WriteVerdict(t.Context(), verdict(soc.VerdictSuspicious)); connector.OutcomeOf(err) != connector.Refused || len(b.Calls()) != 0 {
		t.Errorf("a verdict without a word: %v", err)
	}
	b.denied["/alerts/entities/alerts/v3"] = true
	if err := b.WriteVerdict(t.Context(), verdict(soc.VerdictTruePositive)); connector.OutcomeOf(err) != connector.Refused || !strings.Contains(err.Error(), "Alerts: Write") {
		t.Errorf("a missing scope: %v", err)
	}
}
