package backend

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"vedette/backend/soc"
	"vedette/backend/store"
)

func (b *bench) ref() soc.IncidentRef {
	return soc.IncidentRef{Workspace: b.incident.Workspace, Source: b.incident.Source, ExternalID: b.incident.ExternalID}
}

func (b *bench) commentsOf(ref soc.IncidentRef) []soc.Comment {
	b.t.Helper()
	comments, _, err := b.Comments(ctx, b.as("op1"), ref, nil, 500)
	b.must(err)
	return comments
}

// TestCommentKeepsItsBytes: what is read is what was posted, byte for byte.
func TestCommentKeepsItsBytes(t *testing.T) {
	b := lite(t)
	rapid.Check(t, func(r *rapid.T) {
		b.wait(time.Second)
		body := rapid.StringN(1, 300, 4096).Filter(func(s string) bool { return strings.TrimSpace(s) != "" && !strings.ContainsRune(s, 0) }).Draw(r, "body")
		c, err := b.AddComment(ctx, b.as("op1"), b.ref(), soc.NewComment{Body: body})
		if err != nil {
			r.Fatal(err)
		}
		kept := b.commentsOf(b.ref())
		last := kept[len(kept)-1]
		if last.ID != c.ID || last.Body != body || last.AuthorMail != "op1@example.org" || last.AuthorKind != soc.PrincipalPerson {
			r.Fatalf("%+v", last)
		}
	})
}

func TestMentionsNameOnlyPeopleWithAccess(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		outsider := soc.Person{ID: uuid.NewString(), Organization: b.organization, Email: "none@example.org", Name: "none", PasswordHash: "x", CreatedAt: b.now()}
		admin := soc.Person{ID: uuid.NewString(), Organization: b.organization, Email: "adm@example.org", Name: "adm", PasswordHash: "x", CreatedAt: b.now(), OrganizationAdmin: true}
		gone := soc.Person{
			ID: uuid.NewString(), Organization: b.organization, Email: "gone@example.org", Name: "gone", PasswordHash: "x", CreatedAt: b.now(), Disabled: true,
			Grants: map[string]soc.Role{b.first: soc.RoleSenior},
		}
		b.write(func(tx *store.Tx) error {
			for _, p := range []soc.Person{outsider, admin, gone} {
				if err := tx.InsertPerson(p); err != nil {
					return err
				}
			}
			return nil
		})
		viewer, senior := b.people["vw"].ID, b.people["sr1"].ID
		c, err := b.AddComment(ctx, b.as("op1"), b.ref(), soc.NewComment{Body: "@sr2 look", Mentions: []string{viewer, senior, viewer, admin.ID}})
		b.must(err)
		if want := []string{viewer, senior, admin.ID}; !slices.Equal(c.Mentions, want) || !slices.Equal(b.commentsOf(b.ref())[0].Mentions, want) {
			t.Errorf("%v, want %v", c.Mentions, want)
		}
		for name, id := range map[string]string{"without a role": outsider.ID, "disabled": gone.ID, "unknown": uuid.NewString(), "no id": "sr2", "empty": ""} {
			_, err := b.AddComment(ctx, b.as("op1"), b.ref(), soc.NewComment{Body: "x", Mentions: []string{viewer, id}})
			refusedWith(t, name, err, soc.Invalid, soc.CodeValidationError)
			if len(soc.AsError(err).Fields["mentions[1]"]) == 0 {
				t.Errorf("%s: %v", name, soc.AsError(err).Fields)
			}
		}
		if got := b.commentsOf(b.ref()); len(got) != 1 {
			t.Errorf("%d comments; a refused one was posted", len(got))
		}
	})
}

func TestCommentsOfWhomAndThroughWhat(t *testing.T) {
	b := lite(t)
	b.key("writer", soc.NewCredential{Kind: soc.PrincipalAgent, Role: soc.RoleAnalyst, Scopes: []soc.Scope{soc.ScopeIncidentsComments}})
	b.key("case", soc.NewCredential{Kind: soc.PrincipalService, Role: soc.RoleAnalyst, Scopes: []soc.Scope{soc.ScopeCasesWrite}})
	b.key("reader", soc.NewCredential{Kind: soc.PrincipalService, Role: soc.RoleAnalyst, Scopes: []soc.Scope{soc.ScopeIncidentsRead}})
	for name, c := range map[string]struct {
		by soc.Actor
		in soc.NewComment
		// code is the refusal, "" for none; field what it names.
		code  soc.Code
		field string
	}{
		"agent":     {by: b.caller("writer"), in: soc.NewComment{Body: "x"}},
		"case key":  {by: b.caller("case"), in: soc.NewComment{Body: "x"}},
		"connector": {by: b.caller("case"), in: soc.NewComment{Body: "x", Extension: "range"}},
		"no scope":  {by: b.caller("reader"), in: soc.NewComment{Body: "x"}, code: soc.CodeInsufficientScope},
		"viewer":    {by: b.as("vw"), in: soc.NewComment{Body: "x"}, code: soc.CodeInsufficientWorkspaceRole},
		"nothing":   {by: b.as("op1"), in: soc.NewComment{Body: " \n"}, code: soc.CodeValidationError, field: "body"},
		"long":      {by: b.as("op1"), in: soc.NewComment{Body: strings.Repeat("ü", 32<<10+1)}, code: soc.CodeValidationError, field: "body"},
		"many":      {by: b.as("op1"), in: soc.NewComment{Body: "x", Mentions: make([]string, 51)}, code: soc.CodeValidationError, field: "mentions"},
		"unknown":   {by: b.as("op1"), in: soc.NewComment{Body: "x", Extension: "jira"}, code: soc.CodeValidationError, field: "extensionId"},
		"stale":     {by: b.as("op1"), in: soc.NewComment{Body: "x", IfMatch: soc.IfMatch{Given: true, Revisions: []int64{7}}}, code: soc.CodePreconditionFailed},
	} {
		got, err := b.AddComment(ctx, c.by, b.ref(), c.in)
		if c.code == "" {
			b.must(err)
			if got.AuthorKind != c.by.Kind || got.Extension != c.in.Extension {
				t.Errorf("%s: %+v", name, got)
			}
			continue
		}
		e := soc.AsError(err)
		if e == nil || e.Code != c.code || c.field != "" && len(e.Fields[c.field]) == 0 {
			t.Errorf("%s: %v %+v", name, err, e)
		}
	}
	if got := len(b.commentsOf(b.ref())); got != 3 || b.count("comment_added") != 3 {
		t.Errorf("%d comments, %d entries", got, b.count("comment_added"))
	}
}

// TestS33KillSwitchSilencesAgentsAlone: comments by people go on.
func TestS33KillSwitchSilencesAgentsAlone(t *testing.T) {
	b := lite(t)
	b.key("writer", soc.NewCredential{Kind: soc.PrincipalAgent, Role: soc.RoleAnalyst, Scopes: []soc.Scope{soc.ScopeIncidentsComments}})
	_, err := b.EngageKillSwitch(ctx, b.as("op1"), soc.KillOrder{Scope: soc.KillGlobal, Reason: "drill", Via: "api"})
	b.must(err)
	_, err = b.AddComment(ctx, b.caller("writer"), b.ref(), soc.NewComment{Body: "x"})
	refusedWith(t, "agent", err, soc.Refused, soc.CodeKillSwitchEngaged)
	_, err = b.AddComment(ctx, b.as("op1"), b.ref(), soc.NewComment{Body: "x"})
	b.must(err)
}
