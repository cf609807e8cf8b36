package portalapi_test

import (
	"strings"
	"testing"

	"vedette/backend/web/webtest"
)

func TestAnswersOfUserLogs(t *testing.T) {
	p := open(t)
	for name, rest := range map[string]string{
		"signins-unknown":        "signin-logs?UserId=nobody@example.org",
		"signins-no-user":        "signin-logs",
		"signins-token":          "signin-logs?UserId=x&NextPageLink=Gd41",
		"signins-dates":          "signin-logs?UserId=x&StartDate=2026-05-14T01:00:00Z",
		"directory":              "directory-logs?userid=nobody@example.org&TimeFilteringType=SixHours",
		"directory-token":        "directory-logs?UserId=x&NextPageLink=Gd41",
		"directory-unknown":      "directory-logs?UserId=x&Category=y",
		"directory-unknown-time": "directory-logs?UserId=x&TimeFilteringType=Week",
	} {
		t.Run(name, func(t *testing.T) {
			webtest.Golden(t, *update, "userlog/"+name+".golden", p.Ask("GET", p.workspace("/investigation/users/"+rest), "", p.analyst()))
		})
	}
}

// TestBothSigninLogsAreOneAnswer: the tool's and the route's.
func TestBothSigninLogsAreOneAnswer(t *testing.T) {
	p := open(t)
	data := func(target string) string {
		text := webtest.Masked(t, p.Ask("GET", target, "", p.analyst()))
		return text[:strings.Index(text, `"meta"`)]
	}
	span := custom
	a := data(p.workspace("/investigation/users/signin-logs?UserId=m.rossi%40corp.example&" + span))
	b := data(p.workspace("/agent/tools/users/m.rossi%40corp.example/signin-logs?" + span))
	if a != b || !strings.Contains(a, `"canRetrieveData": true`) {
		t.Errorf("%s\n%s", a, b)
	}
}
