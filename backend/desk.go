package backend

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"vedette/backend/playbook"
	"vedette/backend/soc"
	"vedette/backend/store"
)

// Desk carries out operations. Make it with New; it is safe for concurrent use.
type Desk struct {
	counter    func(Figure, string)
	store      *store.Store
	now        func() time.Time
	random     io.Reader
	log        *slog.Logger
	connectors []Connector
	products   Products
	mappers    map[string]Mapper
	catalogue  *playbook.Catalogue
	reference  soc.FloorReference
	weights    soc.Weights
	// conditions are the compiled conditions of the workspaces' own rules.
	conditions conditions
	killFile   string
	publicURL  string
	readOnly   bool
	intakeWait time.Duration
	verifyRows int64
	notices    notices
	identity   *identity
	health     storeCheck
	// attachments bound the files of one incident.
	attachments soc.AttachmentLimits
	provider    soc.ProviderRules
	secrets     *soc.SecretBox
	runs        *soc.RunSigner
	signer      *soc.Signer
	checkpoints func() ([]soc.SignedCheckpoint, error)
	// backupFolder is where copies are put that people ask for; empty for none.
	backupFolder string
	checkURL     func(address string) *soc.Error
	send         func(context.Context, soc.Dispatch) soc.AttemptResult
	loop         *soc.Loop
	chain        *soc.StageChain
	// leases counts, so that now and then the oldest run comes first.
	leases atomic.Int64
}

// Config is what a Desk is made of. Store is required.
type Config struct {
	Store *store.Store
	// Now is the clock, default time.Now.
	Now func() time.Time
	// Random is the source of ids and nonces, default crypto/rand.
	Random io.Reader
	Log    *slog.Logger
	// Connectors are ways out that every process knows; Products are those that
	// people configure.
	Connectors []Connector
	Products   Products
	// Mappers read the ingest formats, by name.
	Mappers map[string]Mapper
	// Catalogue of response actions, default the shipped one.
	Catalogue *playbook.Catalogue
	// KillFile is the marker file that engages the global kill switch while
	// it exists (S33); empty for none.
	KillFile string
	// PublicURL is put in front of links.
	PublicURL string
	// ReadOnly refuses every write but sessions, kill switch and ingest.
	ReadOnly bool
	// IntakeWait is how long an alert waits for the writer before it is refused
	// as overload, default 10 s.
	IntakeWait time.Duration
	// VerifyRows is how many rows of the record a request walks itself, default
	// soc.VerifyLimit.
	VerifyRows int64
	// Count is told what the desk decided, for the figures: a name and a word of
	// a closed set, never a tenant's text. nil for nobody.
	Count func(figure Figure, word string)
	// Secrets seals what the database keeps for others (S53). A process without
	// it makes and changes no webhook.
	Secrets *soc.SecretBox
	// Runs makes and proves run tokens. A process without it starts no run and
	// takes every token for forged.
	Runs *soc.RunSigner
	// Loop sets up the built-in investigation by a model, and Chain proves its
	// stored stages. A process without them hands out no runs and makes none.
	Loop  *soc.Loop
	Chain *soc.StageChain
	// Signer vouches for what leaves the server: receipts and checkpoints. A
	// process without it signs nothing.
	Signer *soc.Signer
	// Checkpoints are the newest that left the database and that a key of this
	// server signed, oldest first; nil for a process that cannot read them.
	Checkpoints func() ([]soc.SignedCheckpoint, error)
	// BackupFolder is where copies of the database go that people ask for over the
	// network; without one they cannot.
	BackupFolder string
	// CheckURL says whether an address may be saved as a target of calls (S50);
	// default none may.
	CheckURL func(address string) *soc.Error
	// Send makes one attempt to deliver, for the test that a person asks for;
	// default none is made. All other deliveries are the worker's.
	Send func(context.Context, soc.Dispatch) soc.AttemptResult
	// Attachments bound the files of one incident; a zero member is the
	// shipped one.
	Attachments soc.AttachmentLimits
	// Provider says what people of an OpenID Connect provider are here; default
	// nobody signs in with one.
	Provider soc.ProviderRules
}

// Connector is what the desk must know of a way out. Calls to the product
// itself are the worker's.
type Connector struct {
	ID   string
	Kind string
	// Workspaces it serves; empty serves all.
	Workspaces []string
	// Simulation is true for the range.
	Simulation bool
	// Carries reports whether it can carry out a catalogue entry.
	Carries func(playbook soc.Playbook) bool
	// Resolve finds the product's own id of an entity; missing names the
	// property the entity lacks.
	Resolve func(playbook soc.Playbook, entity soc.Entity) (nativeID, missing string)
}

// New makes a desk.
func New(c Config) *Desk {
	d := &Desk{
		store: c.Store, now: c.Now, random: c.Random, log: c.Log, connectors: c.Connectors, mappers: c.Mappers, catalogue: c.Catalogue,
		reference: Reference(), weights: soc.ShippedWeights(),
		killFile: c.KillFile, publicURL: c.PublicURL, readOnly: c.ReadOnly, intakeWait: c.IntakeWait, identity: newIdentity(),
		attachments: c.Attachments.OrShipped(), counter: c.Count,
	}
	d.checkpoints, d.provider, d.backupFolder = c.Checkpoints, c.Provider, c.BackupFolder
	d.loop, d.chain = c.Loop, c.Chain
	d.secrets, d.runs, d.signer, d.checkURL, d.send, d.products = c.Secrets, c.Runs, c.Signer, c.CheckURL, c.Send, c.Products
	if d.checkURL == nil {
		d.checkURL = func(string) *soc.Error { return soc.InvalidField("url", "this process calls nobody") }
	}
	if d.now == nil {
		d.now = time.Now
	}
	if d.verifyRows = c.VerifyRows; d.verifyRows <= 0 {
		d.verifyRows = soc.VerifyLimit
	}
	if d.intakeWait <= 0 {
		d.intakeWait = 10 * time.Second
	}
	if d.catalogue == nil {
		d.catalogue = playbook.Shipped()
	}
	if d.random == nil {
		d.random = rand.Reader
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	return d
}

// drawLimit bounds how often a write is run again because a drawn id was taken.
const drawLimit = 5

// write runs fn in one transaction, again with new ids where one was taken.
func (d *Desk) write(ctx context.Context, fn func(*store.Tx) error) error {
	err := d.store.Write(ctx, fn)
	for n := 1; n < drawLimit && store.Duplicate(err); n++ {
		err = d.store.Write(ctx, fn)
	}
	return err
}

// clock is the desk's time: UTC and no finer than the store keeps.
func (d *Desk) clock() time.Time { return d.now().UTC().Truncate(time.Microsecond) }

// entry begins an audit entry for an actor.
func (d *Desk) entry(by soc.Actor, event string) soc.AuditEntry {
	e := soc.AuditEntry{
		At: d.clock(), Event: event, ActorKind: by.Kind, Actor: by.ID, ActorName: by.Name, Workspace: by.Workspace,
		Door: by.Call.Door, Operation: by.Call.Operation, RequestID: by.Call.RequestID, Decision: "allowed",
	}
	if by.Run != nil {
		e.Run = by.Run.ID
	}
	return e
}

// refused records that an operation said no, and returns the error. The entry
// has a transaction of its own, since the operation's was given up.
func (d *Desk) refused(ctx context.Context, by soc.Actor, event string, err error, change func(*soc.AuditEntry)) error {
	known := soc.AsError(err)
	if known.Kind == soc.Internal || known.Kind == soc.Unavailable {
		return err
	}
	e := d.entry(by, event+"_refused")
	e.Decision, e.Code = "refused", known.Code
	if known.Rule != "" {
		e.Rules = []string{known.Rule}
	}
	if change != nil {
		change(&e)
	}
	if werr := d.store.Write(ctx, func(tx *store.Tx) error { tx.Audit(e); return nil }); werr != nil {
		return werr
	}
	return err
}

// may is soc.Actor.May, which the doors ask too.
func may(by soc.Actor, scope soc.Scope, least soc.Role) error { return by.May(scope, least) }

// mayWrite refuses writes on a read-only server.
func (d *Desk) mayWrite() error {
	if d.readOnly {
		return soc.Errorf(soc.Locked, soc.CodeLocked, "This server is read-only.").WithFix("Send the request to a server that takes writes.")
	}
	return nil
}
