package soc

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// WebhookStatus is whether a webhook is sent to.
type WebhookStatus string

// The three states. Paused is a person's choice and keeps events waiting;
// AutoDisabled is the server's, and events are skipped until somebody enables.
const (
	WebhookActive       WebhookStatus = "Active"
	WebhookPaused       WebhookStatus = "Paused"
	WebhookAutoDisabled WebhookStatus = "AutoDisabled"
)

// AllWebhookStatuses lists the states.
var AllWebhookStatuses = []WebhookStatus{WebhookActive, WebhookPaused, WebhookAutoDisabled}

// WebhookAuthentication is what a delivery shows in its Authorization header.
type WebhookAuthentication string

// The three ways.
const (
	AuthenticationNone   WebhookAuthentication = "None"
	AuthenticationBasic  WebhookAuthentication = "BasicAuth"
	AuthenticationBearer WebhookAuthentication = "BearerToken"
)

// AllWebhookAuthentications lists the ways.
var AllWebhookAuthentications = []WebhookAuthentication{AuthenticationNone, AuthenticationBasic, AuthenticationBearer}

// SignatureFormat is how the portal's own signature headers are written.
type SignatureFormat string

// The two formats (portal-api.md section 9).
const (
	SignatureBase64ISO SignatureFormat = "base64Iso"
	SignatureHexUnix   SignatureFormat = "hexUnix"
)

// AllSignatureFormats lists the formats.
var AllSignatureFormats = []SignatureFormat{SignatureBase64ISO, SignatureHexUnix}

// PayloadFormat is whose events and bodies a webhook gets.
type PayloadFormat string

// The two formats.
const (
	PayloadPortal PayloadFormat = "portal"
	PayloadCase   PayloadFormat = "case"
)

// AllPayloadFormats lists the formats.
var AllPayloadFormats = []PayloadFormat{PayloadPortal, PayloadCase}

// Events lists what a webhook of the format can be told.
func (f PayloadFormat) Events() []EventType {
	if f == PayloadCase {
		return CaseEventTypes
	}
	return PortalEventTypes
}

// Webhook is where an organization wants to be told what happens. Secrets are
// held sealed (S53) and never leave with it.
type Webhook struct {
	ID           string
	Organization string
	Name         string
	URL          string
	Status       WebhookStatus
	EventTypes   []EventType
	// Workspaces it listens to; empty is all of the organization.
	Workspaces      []string
	Authentication  WebhookAuthentication
	SignatureFormat SignatureFormat
	PayloadFormat   PayloadFormat
	Sealed          SealedWebhook
	// ConsecutiveFailures counts attempts since the last delivery; DeliveredAt
	// is that delivery, to the second.
	ConsecutiveFailures int
	DeliveredAt         time.Time
	DisabledAt          time.Time
	DisabledReason      string
	// SkipBefore ends what had waited before the webhook was enabled again.
	SkipBefore time.Time
	CreatedBy  string
	CreatedAt  time.Time
	UpdatedAt  time.Time
	DeletedAt  time.Time
	// Version grows with every change by people (ETag).
	Version int64
}

// SealedWebhook holds the secrets of a webhook as the database has them; an
// empty one is none.
type SealedWebhook struct {
	Authorization []byte
	SigningToken  []byte
	Secret        []byte
	FormerSecret  []byte
	FormerUntil   time.Time
}

// WebhookSecrets are the secrets themselves, on their way to one delivery.
type WebhookSecrets struct {
	// Authorization is the value of the header, SigningToken replaces the
	// secret in X-CF-Signature.
	Authorization string
	SigningToken  string
	// Secret is whsec_...; Former signs along while a rotation is under way.
	Secret string
	Former string
}

// ListensTo reports whether the webhook is told of an event.
func (w Webhook) ListensTo(e Event) bool {
	if !slices.Contains(w.PayloadFormat.Events(), e.Type) || len(w.Workspaces) > 0 && !slices.Contains(w.Workspaces, e.Workspace) {
		return false
	}
	if e.Webhook != "" || e.Type == EventInvestigationCompleted {
		return w.ID == e.Webhook
	}
	return slices.Contains(w.EventTypes, e.Type)
}

// WebhookDraft is a webhook as people state it, whole.
type WebhookDraft struct {
	Name            string
	URL             string
	EventTypes      []EventType
	Workspaces      []string
	SignatureFormat SignatureFormat // empty is base64Iso
	PayloadFormat   PayloadFormat   // empty is portal
}

// IssuedWebhook is a webhook with a signing secret that was just made, which is
// shown once; empty where none was.
type IssuedWebhook struct {
	Webhook Webhook
	Secret  string
}

// WebhookCredentials is what a delivery proves itself with, as people state it.
type WebhookCredentials struct {
	Authentication WebhookAuthentication // empty is None
	Token          string
	SigningToken   string
	Username       string
	Password       string
	// Rotate makes a new signing secret.
	Rotate bool
}

// Bounds of a webhook.
const (
	MaxWebhooks    = 50 // of an organization
	maxWebhookName = 200
	maxCredential  = 4096
)

// Whole returns the draft with its defaults, or says what is wrong with it. The
// address is judged by whoever knows what may be called.
func (d WebhookDraft) Whole() (WebhookDraft, error) {
	e := Errorf(Invalid, CodeValidationError, "One or more members are not valid.")
	if d.SignatureFormat == "" {
		d.SignatureFormat = SignatureBase64ISO
	}
	if d.PayloadFormat == "" {
		d.PayloadFormat = PayloadPortal
	}
	if strings.TrimSpace(d.Name) == "" || utf8.RuneCountInString(d.Name) > maxWebhookName || EscapeVisible(d.Name) != d.Name {
		e.WithField("name", "Must be 1 to %d characters of visible text.", maxWebhookName)
	}
	if !slices.Contains(AllSignatureFormats, d.SignatureFormat) {
		e.WithField("signatureFormat", "Must be base64Iso or hexUnix.")
	}
	if !slices.Contains(AllPayloadFormats, d.PayloadFormat) {
		e.WithField("payloadFormat", "Must be portal or case.")
	}
	d.EventTypes = unique(d.EventTypes)
	if len(d.EventTypes) == 0 {
		e.WithField("eventTypes", "Must name at least one event.")
	}
	for _, kind := range d.EventTypes {
		if !slices.Contains(d.PayloadFormat.Events(), kind) {
			e.WithField("eventTypes", "Must hold events of the payload format: %s.", joinWords(d.PayloadFormat.Events()))
			break
		}
	}
	d.Workspaces = unique(d.Workspaces)
	if len(e.Fields) > 0 {
		return d, e
	}
	return d, nil
}

// Check refuses what does not fit the kind of authentication.
func (c WebhookCredentials) Check() error {
	e := Errorf(Invalid, CodeValidationError, "One or more members are not valid.")
	basic, bearer := c.Authentication == AuthenticationBasic, c.Authentication == AuthenticationBearer
	if !slices.Contains(AllWebhookAuthentications, c.Authentication) {
		e.WithField("authenticationType", "Must be %s.", joinWords(AllWebhookAuthentications))
	}
	demand := func(field, value string, fits, required bool) {
		switch {
		case value != "" && !fits:
			e.WithField(field, "Does not go with authenticationType %s.", c.Authentication)
		case value == "" && required:
			e.WithField(field, "Is required with authenticationType %s.", c.Authentication)
		case len(value) > maxCredential || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }):
			e.WithField(field, "Must be at most %d bytes of text without control characters.", maxCredential)
		}
	}
	demand("token", c.Token, bearer, bearer)
	demand("signingToken", c.SigningToken, bearer, false)
	demand("username", c.Username, basic, basic)
	demand("password", c.Password, basic, basic)
	if bearer && strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		e.WithField("token", "Must be visible ASCII without spaces.")
	}
	if strings.Contains(c.Username, ":") {
		e.WithField("username", "Must not hold a colon (RFC 7617).")
	}
	if len(e.Fields) > 0 {
		return e
	}
	return nil
}

func unique[T comparable](values []T) []T {
	var out []T
	for _, v := range values {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func joinWords[T ~string](words []T) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = string(w)
	}
	return strings.Join(parts, ", ")
}
