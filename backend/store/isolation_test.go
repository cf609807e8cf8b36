package store

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"vedette/backend/soc"
)

// unscoped are the methods that take no workspace, each with the reason. A new
// method without a workspace has to give its own here (S44).
var unscoped = map[string]string{
	"Agent": "an organization's", "Agents": "an organization's", "InsertAgent": "an organization's", "DescribeAgent": "an organization's", "SuspendAgent": "an organization's", "UnsuspendAgent": "an organization's",
	"Credential": "an organization's", "Credentials": "an organization's", "InsertCredential": "an organization's", "RevokeCredential": "an organization's", "RotateCredential": "an organization's", "TouchCredential": "an organization's",
	"CredentialByClient": "who is calling is not known before", "CredentialBySecret": "who is calling is not known before", "CredentialByOAuthClient": "who is calling is not known before", "SessionByToken": "who is calling is not known before", "PersonByEmail": "who is calling is not known before",
	"People": "an organization's", "PersonByIdentity": "who is calling is not known before", "InsertPersonIdentity": "a person's own", "Person": "an organization's", "InsertPerson": "an organization's", "SetDisabled": "an organization's", "SetPassword": "a person's own", "SetLoginDelay": "a person's own", "ClearLoginDelay": "a person's own", "CountLoginFailure": "a person's own",
	"Session": "a person's own", "SessionsOf": "a person's own", "InsertSession": "a person's own", "EndSession": "a person's own", "EndSessions": "a person's own", "RenewSession": "a person's own", "TouchSession": "a person's own", "ForgetSessions": "the host's", "EndEverySession": "the host's",
	"SecondFactor": "a person's own", "OfferTOTP": "a person's own", "EnrolTOTP": "a person's own", "RemoveTOTP": "a person's own", "SpendStep": "a person's own", "SpendRecoveryCode": "a person's own", "SetRecoveryCodes": "a person's own", "CountCodeFailure": "a person's own", "SetCodeDelay": "a person's own",
	"SetOrganizationAdmin": "an organization's", "CollectCredential": "an organization's", "CountSessionCode": "a person's own", "ForgetSecondFactors": "a person's own", "ApproversWithoutSecondFactor": "an organization's", "Organization": "an organization's", "SetOrganization": "an organization's",
	"Workspace": "is the workspace", "Workspaces": "an organization's", "InsertWorkspace": "is the workspace", "Organizations": "the host's", "InsertOrganization": "the host's", "HasIdentities": "the host's", "Installation": "the host's", "OpenJobs": "figures of the host", "PendingDeliveries": "figures of the host", "LiveSessions": "figures of the host", "SetInstallation": "the host's",
	"HappeningsAfter": "the record is one for the installation, and the desk gives each viewer theirs", "AuditHead": "the record is one for the installation", "AuditPosition": "the record is one for the installation", "Audit": "the entry says its workspace", "Enqueue": "the job's arguments name the row, which says its workspace",
	"StoredAnswer": "the principal is part of the key", "CompleteIdempotency": "the principal is part of the key", "FreeIdempotency": "the principal is part of the key", "SweepIdempotency": "the host's",
	"KillSwitch": "scope and id are the key", "KillSwitches": "an organization's", "SaveKillSwitch": "scope and id are the key", "GamebooksToHalt": "what a switch covers", "HaltedSince": "what a switch covered", "Kill": "takes the workspace as a row",
	"DueReverts": "the worker's, over all workspaces", "OverdueReverts": "what a switch covers",
	"DueAuditExports": "the worker's, over all workspaces", "InsertBackup": "an organization's", "Backup": "an organization's", "Backups": "an organization's", "RunningBackup": "one for the installation", "FinishBackup": "an organization's",
	"InsertPersonLink": "a person's own", "PersonLinkByToken": "who is calling is not known before", "StandingPersonLink": "a person's own", "CollectPersonLink": "a person's own", "UsePersonLink": "a person's own", "EndPersonLinks": "a person's own",
	"ChangeCredential": "an organization's", "UncollectedCredentials": "the worker's, over all organizations",
	"SweepContent": "the worker's, over all workspaces", "DueClocks": "the worker's, over all workspaces",
	"OpenWork": "the worker's, over all workspaces", "StalledWork": "the worker's, over all workspaces", "DueTriages": "the worker's, over all workspaces", "OverdueWork": "the worker's, over all workspaces", "ForgetLeases": "the worker's, over all workspaces",
	"Refusals": "an agent's own", "AddRefusal": "an agent's own", "ForgetRefusals": "the host's", "LoopWorker": "an agent's own", "SetLoopWorker": "an agent's own", "Taint": "an agent's own", "RaiseTaint": "an agent's own",
	"AttemptsOn":    "only numbers, of an incident that was found by workspace",
	"Approvals":     "of a gamebook that was found by workspace",
	"VoidApprovals": "of a gamebook that was found by workspace", "ConsumeApprovals": "of a gamebook that was found by workspace", "InsertApproval": "of a gamebook that was found by workspace",
	"InsertIncidents": "each incident says its workspace", "EndingSuppressions": "the server's clock, over all workspaces",
	"Webhook": "an organization's", "Webhooks": "an organization's", "InsertWebhook": "an organization's", "UpdateWebhook": "an organization's",
	"Delivery": "of a webhook that was found by organization", "Deliveries": "of a webhook that was found by organization", "PendingRepetition": "of a webhook that was found by organization", "NoteRedelivery": "of a webhook that was found by organization",
	"DueDeliveries": "the worker's, of one webhook", "NextDelivery": "the worker's, of one webhook", "WebhooksDue": "the worker's, over all organizations", "InsertAttempt": "the worker's, of one delivery",
	"NoteDelivered": "the worker's, of one webhook", "NoteFailed": "the worker's, of one webhook", "LeaseWebhook": "the worker's, of one webhook", "FreeWebhook": "the worker's, of one webhook", "ForgetWebhookLeases": "the worker's, over all organizations",
	"SkipDeliveries": "the worker's, over all organizations", "SweepDeliveries": "the worker's, over all organizations",
	"EnabledConnectors": "the worker's, over all workspaces", "ConnectorStamp": "a figure of the host",
	"InsertEntities": "each entity says its workspace", "InsertSightings": "each sighting says its workspace", "InsertEvidenceRows": "each row says its workspace",
}

// mark is every text of the workspace that has rows; nobody is the other one.
const mark, nobody = "x-a", "x-b"

// members of closed sets, for the columns that check them.
var sampleWords = map[reflect.Type]string{
	reflect.TypeFor[soc.Severity](): "high", reflect.TypeFor[soc.Status](): "active", reflect.TypeFor[soc.Verdict](): "TruePositive", reflect.TypeFor[soc.PrincipalKind](): "agent",
	reflect.TypeFor[soc.Provenance](): "parsed", reflect.TypeFor[soc.EntityKind](): "host", reflect.TypeFor[soc.Taint](): "tainted", reflect.TypeFor[soc.Role](): "senior",
	reflect.TypeFor[soc.GamebookStatus](): "Running", reflect.TypeFor[soc.StepStatus](): "Dispatched", reflect.TypeFor[soc.Class](): "reversible", reflect.TypeFor[soc.Impact](): "low",
	reflect.TypeFor[soc.AlertStatus](): "escalated", reflect.TypeFor[soc.RunState](): "Investigating", reflect.TypeFor[soc.Trigger](): "OnQueue",
	reflect.TypeFor[soc.ConnectorState](): "enabled", reflect.TypeFor[soc.WebhookStatus](): "AutoDisabled", reflect.TypeFor[soc.WebhookAuthentication](): "BasicAuth", reflect.TypeFor[soc.SignatureFormat](): "hexUnix", reflect.TypeFor[soc.PayloadFormat](): "case",
	reflect.TypeFor[soc.ChangeState](): "applied", reflect.TypeFor[soc.PolicyPart](): "limits", reflect.TypeFor[soc.Direction](): "loosening",
	reflect.TypeFor[soc.EventType](): "case.created", reflect.TypeFor[soc.DeliveryStatus](): "Failed",
	reflect.TypeFor[soc.UploadState]():        "receiving",
	reflect.TypeFor[soc.RevertState]():        "asked",
	reflect.TypeFor[soc.CommentKind]():        "note",
	reflect.TypeFor[soc.TaskState]():          "running",
	reflect.TypeFor[soc.ExportFormat]():       "csv",
	reflect.TypeFor[soc.Stage]():              "extract",
	reflect.TypeFor[soc.TriageVersionState](): "in_force",
}

// sample is a value whose texts are mark, whose numbers are 1 and whose
// workspace is the given one.
func sample(t reflect.Type, workspace string) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.String:
		v.SetString(mark)
		if word, closed := sampleWords[t]; closed {
			v.SetString(word)
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(`{"a":"` + mark + `"}`))
		} else {
			v = reflect.Append(v, sample(t.Elem(), workspace))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(sample(t.Key(), workspace), sample(t.Elem(), workspace))
	case reflect.Interface:
		if t == reflect.TypeFor[any]() {
			v.Set(reflect.ValueOf(mark))
		}
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(fixtureTime))
			break
		}
		for i := range t.NumField() {
			field := t.Field(i)
			switch {
			case !field.IsExported():
			case field.Name == "Workspace" && field.Type.Kind() == reflect.String:
				v.Field(i).SetString(workspace)
			case strings.HasPrefix(field.Name, "Deleted") || field.Name == "RemovedAt" || field.Name == "FinishedAt" || field.Name == "SupersededBy":
				// Rows that still count.
			default:
				v.Field(i).Set(sample(field.Type, workspace))
			}
		}
	default:
	}
	return v
}

// filterOf opens a filter as wide as it goes.
func filterOf(v reflect.Value) reflect.Value {
	switch f := v.Interface().(type) {
	case soc.IncidentFilter:
		return reflect.ValueOf(soc.IncidentFilter{Workspace: f.Workspace, Limit: 9})
	case soc.AlertFilter:
		return reflect.ValueOf(soc.AlertFilter{Workspace: f.Workspace, Limit: 9})
	case soc.EvidenceFilter:
		return reflect.ValueOf(soc.EvidenceFilter{Workspace: f.Workspace, Incident: mark, Entity: mark, Limit: 9})
	case soc.RelatedQuery:
		return reflect.ValueOf(soc.RelatedQuery{Workspace: f.Workspace, Kind: "host", Value: mark, Limit: 9})
	case soc.ApprovalFilter:
		return reflect.ValueOf(soc.ApprovalFilter{Workspace: f.Workspace, State: "executing", Limit: 9})
	case soc.GamebookSearch:
		return reflect.ValueOf(soc.GamebookSearch{Query: mark, Limit: 9})
	case soc.ChangeFilter:
		return reflect.ValueOf(soc.ChangeFilter{Workspace: f.Workspace, Limit: 9})
	case soc.SOPFilter:
		return reflect.ValueOf(soc.SOPFilter{Workspace: f.Workspace, Limit: 9})
	case soc.RunFilter:
		return reflect.ValueOf(soc.RunFilter{Workspace: f.Workspace, Limit: 9})
	case soc.ActionFilter:
		return reflect.ValueOf(soc.ActionFilter{Workspace: f.Workspace, Limit: 9})
	case soc.GamebookFilter:
		return reflect.ValueOf(soc.GamebookFilter{Workspace: f.Workspace, Limit: 9})
	case AuditFilter:
		return reflect.ValueOf(AuditFilter{Workspace: f.Workspace, Limit: 9})
	case *soc.Keyset:
		return reflect.Zero(v.Type())
	}
	return v
}

// parameterNames are the names of the parameters of every method.
func parameterNames(t *testing.T) map[string][]string {
	names := map[string][]string{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil {
				continue
			}
			var own []string
			for _, p := range f.Type.Params.List {
				for _, n := range p.Names {
					own = append(own, n.Name)
				}
			}
			names[f.Name.Name] = own
		}
	}
	return names
}

// call calls a method for a workspace; scoped is false where it takes none.
func call(receiver any, method reflect.Method, names []string, workspace string) (out []reflect.Value, scoped bool) {
	args := []reflect.Value{reflect.ValueOf(receiver)}
	for i := 1; i < method.Type.NumIn(); i++ {
		t, name := method.Type.In(i), names[i-1]
		v := sample(t, workspace)
		switch {
		case name == "workspace":
			v.SetString(workspace)
			scoped = true
		case name == "workspaces":
			v = reflect.ValueOf([]string{workspace})
			scoped = true
		case t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]():
			if _, has := t.FieldByName("Workspace"); has {
				scoped = true
			}
			v = filterOf(v)
		case name == "limit":
			v.SetInt(9)
		case strings.HasPrefix(name, "except") || strings.HasPrefix(name, "exclude"):
			v.SetString("other")
		case (name == "before" || name == "after") && t.Kind() == reflect.Int64:
			v.SetInt(0)
		case name == "since" && t.Kind() == reflect.Int64:
			v.SetInt(0)
		case name == "since" || name == "asOf" || name == "createdBefore":
			v.Set(reflect.ValueOf(fixtureTime.Add(-time.Hour)))
			if name == "asOf" {
				v.Set(reflect.Zero(t))
			}
		case name == "until":
			v.Set(reflect.ValueOf(fixtureTime.Add(time.Hour)))
		case name == "after" && t.Kind() == reflect.String:
			v.SetString("")
		default:
			v = filterOf(v)
		}
		args = append(args, v)
	}
	if !scoped {
		return nil, false
	}
	return method.Func.Call(args), true
}

// says reports whether a value tells anything: a text of a row, a number that
// is not zero, true, or a time.
func says(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return v.String() != "" && v.String() != nobody
	case reflect.Interface, reflect.Pointer:
		return !v.IsNil() && says(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if says(v.Index(i)) {
				return true
			}
		}
		return false
	case reflect.Map:
		return v.Len() > 0
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			return !t.IsZero()
		}
		if page, ok := v.Interface().(soc.RelatedPage); ok {
			page.Kind, page.Value = "", "" // what was asked for
			v = reflect.ValueOf(page)
		}
		if page, ok := v.Interface().(soc.IncidentPage); ok {
			return len(page.Incidents) > 0
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "Level" && says(v.Field(i)) {
				return true
			}
		}
		return false
	}
	return !v.IsZero()
}

// fillEverything stores one row of every kind in the workspace mark.
func fillEverything(t *testing.T, s *Store) {
	of := func(v any) reflect.Value { return sample(reflect.TypeOf(v), mark) }
	write(t, s, func(tx *Tx) error {
		tx.Audit(of(soc.AuditEntry{}).Interface().(soc.AuditEntry))
		person := of(soc.Person{}).Interface().(soc.Person)
		workspace := of(soc.Workspace{}).Interface().(soc.Workspace)
		incident := of(soc.Incident{}).Interface().(soc.Incident)
		gamebook := of(soc.Gamebook{}).Interface().(soc.Gamebook)
		gamebook.Approvals = nil
		person.Disabled, incident.VerdictBy = false, soc.PrincipalPerson
		done := of(soc.Triage{}).Interface().(soc.Triage)
		done.ID, done.State, done.FinishedAt, done.Engine = "y-a", soc.RunDone, fixtureTime, "deterministic"
		alert := of(soc.Alert{}).Interface().(soc.Alert)
		alert.LinkedTo, alert.DuplicateOf = "", ""
		linked := alert
		linked.ID, linked.UID, linked.ExternalID = "y-a", uuid.Must(uuid.NewV7()).String(), "y-a"
		linked.Status, linked.Incident, linked.LinkedTo = soc.AlertLinked, "", mark
		dismissed := linked
		dismissed.ID, dismissed.UID, dismissed.ExternalID = "z-a", uuid.Must(uuid.NewV7()).String(), "z-a"
		dismissed.Status, dismissed.LinkedTo, dismissed.Dismissal = soc.AlertDismissed, "", &soc.Dismissal{Reason: "test"}
		entity := of(soc.Entity{}).Interface().(soc.Entity)
		entity.Provenance = soc.ProvenanceSensorAsserted
		observable := of(soc.Observable{}).Interface().(soc.Observable)
		suppression := of(soc.Suppression{}).Interface().(soc.Suppression)
		suppression.EndedAt, suppression.NoticeAt = time.Time{}, time.Time{}
		suppression.Until = fixtureTime.Add(24 * time.Hour)
		var seq int64
		for _, step := range []func() error{
			func() error { return tx.InsertOrganization(soc.Organization{ID: mark, Name: mark}) },
			func() error { return tx.InsertWorkspace(workspace) },
			func() error { return tx.InsertPerson(person) },
			func() error { return tx.SetGrant(of(soc.WorkspaceGrant{}).Interface().(soc.WorkspaceGrant)) },
			func() error { return tx.SaveSettings(soc.ShippedSettings(mark, soc.SeverityHigh)) },
			func() error { return tx.SaveLimits(mark, soc.ShippedLimits()) },
			func() error {
				return tx.SaveProtected(mark, []soc.ProtectedEntry{{ID: mark, Kind: "host", Value: mark, Mode: "never"}})
			},
			func() error { return tx.DisablePlaybook(mark, mark, mark) },
			func() error { return tx.InsertTriagePlaybook(of(soc.TriageVersion{}).Interface().(soc.TriageVersion)) },
			func() error { return tx.SaveRules(mark, []soc.PolicyRule{{Name: mark}}) },
			func() error {
				return tx.InsertRuleOutcome(mark, mark, soc.RuleOutcome{Rule: mark, Outcome: "run", Would: "deny"}, fixtureTime)
			},
			func() error { return tx.InsertPolicyVersion(of(soc.PolicyVersion{}).Interface().(soc.PolicyVersion)) },
			func() error { return tx.InsertPolicyChange(of(soc.PolicyChange{}).Interface().(soc.PolicyChange)) },
			func() error {
				stored, err := tx.InsertIncident(incident)
				seq = stored.Seq
				return err
			},
			func() error { return fillQueue(tx, incident) },
			func() error { return tx.InsertAlert(alert) },
			func() error { return tx.InsertAlert(linked) },
			func() error { return tx.InsertAlert(dismissed) },
			func() error { return tx.AddObservables(mark, []soc.Observable{observable}) },
			func() error { return tx.InsertSuppression(suppression) },
			func() error { return tx.ReplaceAlert(alert, alert) },
			func() error { return tx.InsertAlertReference(mark, mark, mark, 1) },
			func() error { return tx.InsertIncidentPayload(mark, mark, mark, []byte(mark)) },
			func() error { return tx.InsertEntity(entity, seq) },
			func() error {
				return tx.InsertUniqueNames(of(soc.Entity{}).Interface().(soc.Entity), seq, []string{mark})
			},
			func() error { return tx.InsertSighting(of(soc.Sighting{}).Interface().(soc.Sighting), 1) },
			func() error { return tx.InsertEvidence(of(soc.Evidence{}).Interface().(soc.Evidence)) },
			func() error { return tx.InsertComment(of(soc.Comment{}).Interface().(soc.Comment)) },
			func() error { // what a timeline shows
				tx.Audit(soc.AuditEntry{Workspace: mark, Incident: mark, Event: "comment_added", Target: mark, At: fixtureTime})
				return nil
			},
			func() error {
				return tx.SetSLA(mark, soc.SeverityHigh, soc.SLATimes{Acknowledge: time.Minute, Triage: time.Hour, Resolve: time.Hour})
			},
			func() error { return tx.InsertReport(of(soc.StoredReport{}).Interface().(soc.StoredReport)) },
			func() error { return tx.BeginContent(mark, mark, fixtureTime) },
			func() error { _, err := tx.AddChunk(mark, mark, 1, []byte(mark)); return err },
			func() error { // kept, and one more on its way
				if _, _, err := tx.KeepContent(Content{Workspace: mark, ID: mark, SHA256: mark, Size: 1}); err != nil {
					return err
				}
				return tx.BeginContent(mark, "y-a", fixtureTime)
			},
			func() error { return tx.InsertAttachment(of(soc.Attachment{}).Interface().(soc.Attachment)) },
			func() error { return tx.InsertGamebook(gamebook) },
			func() error { // one that waits, and one that was carried out
				waits, done := gamebook, gamebook
				waits.ID, waits.PlanHash, waits.Digest, waits.Nonce, waits.Steps = "y-a", "y-a", "y-a", "y-a", nil
				waits.Status, waits.NeedsApproval = soc.GamebookQueued, true
				done.ID, done.PlanHash, done.Digest, done.Nonce, done.Steps = "z-a", "z-a", "z-a", "z-a", nil
				done.Status, done.FinishedAt = soc.GamebookCompleted, fixtureTime.Add(time.Hour)
				return errors.Join(tx.InsertGamebook(waits), tx.InsertGamebook(done))
			},
			func() error { return tx.IndexGamebook(gamebook, mark) },
			func() error { return tx.CountSource(mark, mark, mark, 1, 1, fixtureTime) },
			func() error {
				return tx.SetSource(mark, mark, soc.SourceSettings{DisplayName: mark, DedupHours: 1, SilentMinutes: 1})
			},
			func() error {
				return tx.InsertIngestUpload(of(soc.IngestUpload{}).Interface().(soc.IngestUpload))
			},
			func() error {
				return tx.InsertIngestFailure(mark, mark, soc.IngestFailure{Item: 2, Status: "rejected"})
			},
			func() error { return tx.InsertTicket(of(soc.Ticket{}).Interface().(soc.Ticket)) },
			func() error { return tx.InsertApproval(of(soc.Approval{}).Interface().(soc.Approval)) },
			func() error { _, err := tx.TakeTarget(mark, mark, mark, mark, fixtureTime); return err },
			func() error { return tx.OweRevert(of(soc.Revert{}).Interface().(soc.Revert)) },
			func() error { return tx.InsertDispatch(mark, gamebook, gamebook.Steps[0], fixtureTime) },
			func() error { _, err := tx.OpenBreaker(mark, "host", fixtureTime); return err },
			func() error {
				started := of(soc.Run{}).Interface().(soc.Run)
				started.ID, started.Implicit, started.ExpiresAt = "y-a", false, fixtureTime.Add(time.Hour)
				return tx.InsertRun(started)
			},
			func() error { return tx.InsertRun(of(soc.Run{}).Interface().(soc.Run)) },
			func() error { return tx.InsertLedger(of(soc.LedgerEntry{}).Interface().(soc.LedgerEntry), mark) },
			func() error { // of no run
				return tx.InsertLedger(soc.LedgerEntry{Workspace: mark, Tool: mark, Rows: 1, At: fixtureTime}, mark)
			},
			func() error { return fillLoop(tx, of) },
			func() error { return tx.InsertAttended(of(soc.Attended{}).Interface().(soc.Attended)) },
			func() error { return tx.InsertAuditExport(of(soc.AuditExport{}).Interface().(soc.AuditExport)) },
			func() error {
				return tx.InsertVerification(of(soc.VerificationTask{}).Interface().(soc.VerificationTask))
			},
			func() error { return tx.InsertTriage(of(soc.Triage{}).Interface().(soc.Triage)) },
			func() error { return tx.InsertTriage(done) },
			func() error { return tx.InsertSighting(of(soc.Sighting{}).Interface().(soc.Sighting), 0) },
			func() error {
				investigation := of(soc.Investigation{}).Interface().(soc.Investigation)
				investigation.State = "held"
				return tx.InsertInvestigation(investigation, mark)
			},
			func() error {
				event := of(soc.VerdictEvent{}).Interface().(soc.VerdictEvent)
				event.By = "person"
				return tx.InsertVerdictEvent(event)
			},
			func() error { return tx.SaveMemoryUndo(of(soc.MemoryUndoAsked{}).Interface().(soc.MemoryUndoAsked)) },
			func() error {
				sop := of(soc.SOP{}).Interface().(soc.SOP)
				sop.Kind = "response"
				return errors.Join(tx.InsertSOP(sop), tx.SaveSOPDraft(mark, sop))
			},
			func() error { return tx.InsertWebhook(of(soc.Webhook{}).Interface().(soc.Webhook)) },
			func() error { return tx.InsertConnector(of(soc.Connector{}).Interface().(soc.Connector)) },
			func() error {
				return tx.SetConnectorSecret(of(soc.ConnectorSecret{}).Interface().(soc.ConnectorSecret))
			},
			func() error { return tx.InsertEvent(of(soc.Event{}).Interface().(soc.Event)) },
			func() error { return tx.InsertDelivery(of(soc.Delivery{}).Interface().(soc.Delivery)) },
			func() error { return tx.InsertAttempt(of(soc.Attempt{}).Interface().(soc.Attempt)) },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
}

// fillQueue stores an incident that nobody has looked at, and one that was judged
// an hour after it came in.
func fillQueue(tx *Tx, like soc.Incident) error {
	waits := like
	waits.ID, waits.ShortID, waits.ExternalID, waits.Number = "y-a", "y-a", "y-a", like.Number+1
	waits.Status, waits.Verdict, waits.VerdictBy, waits.TriagedAt, waits.Held, waits.Duplicate, waits.DuplicateOf = soc.StatusNew, "", "", time.Time{}, false, false, ""
	waits.DeletedAt, waits.LastTriage, waits.ProposedVerdict = time.Time{}, "", ""
	if _, err := tx.InsertIncident(waits); err != nil {
		return err
	}
	judged := waits
	judged.ID, judged.ShortID, judged.ExternalID, judged.Number = "z-a", "z-a", "z-a", like.Number+2
	stored, err := tx.InsertIncident(judged)
	if err != nil {
		return err
	}
	after := stored
	after.Status, after.Verdict, after.VerdictBy = soc.StatusActive, soc.VerdictTruePositive, soc.PrincipalPerson
	after.UpdatedAt = fixtureTime.Add(time.Hour)
	_, err = tx.UpdateIncident(stored, after)
	return err
}

// fillLoop stores runs of the loop: one that waits, one in somebody's hands, one
// that is done and was decided about, and a key that may take them.
func fillLoop(tx *Tx, of func(any) reflect.Value) error {
	work := of(soc.RunWork{}).Interface().(soc.RunWork)
	held, done := work, work
	held.Run, held.LeaseExpires = "y-a", fixtureTime.Add(time.Hour)
	done.Run, done.FinishedAt = "z-a", fixtureTime
	ended := of(soc.Run{}).Interface().(soc.Run)
	ended.ID, ended.Implicit, ended.State = "z-a", false, soc.RunDone
	decided := of(soc.Investigation{}).Interface().(soc.Investigation)
	decided.ID, decided.Run, decided.State = "z-a", "z-a", "accepted"
	key := of(soc.Credential{}).Interface().(soc.Credential)
	key.Scopes, key.Owner, key.ExpiresAt, key.RevokedAt = []soc.Scope{soc.ScopeRunsWork}, "", time.Time{}, time.Time{}
	for _, step := range []func() error{
		func() error { return tx.InsertRun(ended) },
		func() error { return tx.InsertInvestigation(decided, "") },
		func() error { return tx.InsertRunWork(work) },
		func() error { return tx.InsertRunWork(held) },
		func() error { return tx.InsertRunWork(done) },
		func() error { return tx.InsertRunStage(of(soc.RunStage{}).Interface().(soc.RunStage)) },
		func() error { return tx.AddLoopDay(mark, 1, soc.LoopDay{Tokens: 1, CostMicros: 1}) },
		func() error { return poolFixture(tx) },
		func() error { return tx.InsertAgent(soc.Agent{ID: mark, Organization: mark, Name: mark}) },
		func() error { return tx.InsertCredential(key) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// poolFixture are three workspaces that pool with mark, and decided as it did.
func poolFixture(tx *Tx) error {
	limits := soc.ShippedLimits()
	limits.PoolGive, limits.PoolTake = true, true
	if err := tx.SaveLimits(mark, limits); err != nil {
		return err
	}
	for _, other := range []string{"p-1", "p-2", "p-3"} {
		if err := tx.InsertWorkspace(soc.Workspace{ID: other, Organization: mark, Name: other}); err != nil {
			return err
		}
		if err := tx.SaveLimits(other, limits); err != nil {
			return err
		}
		e := soc.VerdictEvent{
			ID: other, Workspace: other, Incident: other, DetectorKey: mark, TitleKey: mark, Category: mark, KeyVersion: 1,
			Verdict: soc.VerdictFalsePositive, By: "person", DecidedAt: fixtureTime, RecordedAt: fixtureTime,
		}
		if err := tx.InsertVerdictEvent(e); err != nil {
			return err
		}
	}
	return nil
}

// TestS44NoMethodReadsAnotherWorkspace calls every method that reads with the
// keys of all rows there are: for their workspace each finds something, which
// shows that the keys are right, and for another one nothing at all.
func TestS44NoMethodReadsAnotherWorkspace(t *testing.T) {
	names := parameterNames(t)
	engines(t, func(t *testing.T, s *Store) {
		fillEverything(t, s)
		used := maps.Clone(unscoped)
		reader := reflect.TypeFor[*Reader]()
		for n := range reader.NumMethod() {
			method := reader.Method(n)
			ask := func(workspace string) (tells, scoped bool) {
				out, scoped := call(s.Read(context.Background()), method, names[method.Name], workspace)
				for _, v := range out {
					if v.Type() == reflect.TypeFor[error]() {
						if !v.IsNil() {
							t.Errorf("%s: %v", method.Name, v.Interface())
						}
						continue
					}
					tells = tells || says(v)
				}
				return tells, scoped
			}
			_, exempt := unscoped[method.Name]
			tells, scoped := ask(mark)
			switch {
			case exempt:
				delete(used, method.Name)
			case !scoped:
				t.Errorf("%s takes no workspace", method.Name)
			case !tells:
				t.Errorf("%s finds nothing in its own workspace: the test does not reach it", method.Name)
			}
			if scoped && !exempt {
				if tells, _ := ask(nobody); tells {
					t.Errorf("%s tells something of another workspace", method.Name)
				}
			}
		}
		tx := reflect.TypeFor[*Tx]()
		for n := range tx.NumMethod() {
			delete(used, tx.Method(n).Name)
		}
		for name := range used {
			t.Errorf("there is no method %s any more", name)
		}
	})
}

// TestS44NoMethodChangesAnotherWorkspace calls every method that writes with
// another workspace and the keys of rows there are, and compares all rows.
func TestS44NoMethodChangesAnotherWorkspace(t *testing.T) {
	names := parameterNames(t)
	engines(t, func(t *testing.T, s *Store) {
		fillEverything(t, s)
		tables := scopedTables(t, s)
		want := rowsOf(t, s.Read(context.Background()), tables)
		reader, tx := reflect.TypeFor[*Reader](), reflect.TypeFor[*Tx]()
		for n := range tx.NumMethod() {
			method := tx.Method(n)
			if _, reads := reader.MethodByName(method.Name); reads || unscoped[method.Name] != "" {
				continue
			}
			_ = s.Write(context.Background(), func(tx *Tx) error {
				out, scoped := call(tx, method, names[method.Name], nobody)
				if !scoped {
					t.Errorf("%s takes no workspace", method.Name)
					return errStaleRow
				}
				if err := out[len(out)-1]; !err.IsNil() || tx.group.q.settle(tx.ctx) != nil {
					return errStaleRow // refused, and so nothing is stored
				}
				if got := rowsOf(t, &tx.Reader, tables); got != want {
					t.Errorf("%s changes rows of another workspace", method.Name)
				}
				return errStaleRow
			})
		}
	})
}

// scopedTables are the tables whose rows say their workspace.
func scopedTables(t *testing.T, s *Store) []string {
	r := s.Read(context.Background())
	found, err := all(r, scanString, r.pick(
		`SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'workspace_id' ORDER BY 1`,
		`SELECT table_name FROM information_schema.columns WHERE table_schema = current_schema() AND column_name = 'workspace_id' ORDER BY 1`))
	if err != nil || len(found) < 25 {
		t.Fatalf("%d tables say their workspace (%v)", len(found), err)
	}
	return found
}

// rowsOf is every row of the workspace mark as one text.
func rowsOf(t *testing.T, r *Reader, tables []string) string {
	var b strings.Builder
	for _, table := range tables {
		columns, err := all(r, scanString, r.pick(`SELECT name FROM pragma_table_info($1)`, `SELECT column_name::text FROM information_schema.columns WHERE table_name = $1 AND table_schema = current_schema() ORDER BY 1`), table)
		if err != nil {
			t.Fatal(err)
		}
		parts := make([]string, len(columns))
		for n, column := range columns {
			parts[n] = r.pick(`COALESCE(quote(`+column+`), 'NULL')`, `COALESCE(`+column+`::text, 'NULL')`)
		}
		if r.dialect == postgresDialect {
			parts = append(parts, `ctid::text`) // moves with every update, also to the same values
		}
		rows, err := all(r, scanString, `SELECT `+strings.Join(parts, ` || ',' || `)+` FROM `+table+` WHERE workspace_id = $1 ORDER BY 1`, mark)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, table, strings.Join(rows, "\n"))
	}
	return b.String()
}
