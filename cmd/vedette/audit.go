package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"vedette/backend/soc"
)

type auditCommand struct {
	List    listAuditCommand `cmd:"" help:"List entries, newest first."`
	Receipt receiptCommand   `cmd:"" help:"Verify a receipt offline; exit 1 when any byte of it was changed."`
	Verify  verifyCommand    `cmd:"" help:"Recompute the hash chain of the audit; exit 1 names the first bad row."`
}

type verifyCommand struct {
	From           int64    `default:"1" help:"First position to check."`
	Checkpoint     []string `help:"Positions and hashes kept elsewhere that the record must hold; last takes the newest of --checkpoint-file." placeholder:"POSITION=HASH|last"`
	CheckpointFile string   `help:"Signed checkpoints that the server wrote (default: <db>.checkpoints)." placeholder:"FILE"`
	SecretKeyFile  string   `help:"Keys of the server, of which one must have signed (default: <db>.key)." placeholder:"FILE"`
}

// last is the newest checkpoint that the server vouched for.
func (c *verifyCommand) last(db database) (soc.AuditCheckpoint, error) {
	file, keys := c.CheckpointFile, c.SecretKeyFile
	if file == "" {
		file = db.file() + ".checkpoints"
	}
	if keys == "" {
		keys = db.file() + ".key"
	}
	ring, err := readKeyRing(keys)
	if err != nil {
		return soc.AuditCheckpoint{}, fmt.Errorf("the key that signed the checkpoints: %w", err)
	}
	public, err := ring.publicKeys()
	if err != nil {
		return soc.AuditCheckpoint{}, err
	}
	return lastCheckpoint(file, public)
}

// errTampered ends the program with 1 after the finding was printed.
var errTampered = errors.New("the audit is not as it was written")

func (c *verifyCommand) Run(ctx context.Context, e *environment) error {
	var checkpoints []soc.AuditCheckpoint
	for _, text := range c.Checkpoint {
		if text == "last" {
			newest, err := c.last(database(e.program.DB))
			if err != nil {
				return err
			}
			checkpoints = append(checkpoints, newest)
			continue
		}
		position, hash, found := strings.Cut(text, "=")
		number, err := strconv.ParseInt(position, 10, 64)
		if !found || err != nil {
			return fmt.Errorf("--checkpoint %q is no POSITION=HASH, and not last", text)
		}
		checkpoints = append(checkpoints, soc.AuditCheckpoint{Position: number, Hash: hash})
	}
	l, err := e.openLocal(ctx, "audit verify")
	if err != nil {
		return err
	}
	defer l.close()
	position, hash, err := l.store.Read(ctx).AuditHead()
	if err != nil {
		return err
	}
	found, err := l.desk.VerifyAudit(ctx, l.host, c.From, checkpoints...)
	if err != nil {
		return err
	}
	value := map[string]any{"ok": found.OK, "from": found.From, "to": found.To, "rows": found.Rows, "first_bad": nil, "head": map[string]any{"position": position, "hash": hash}}
	rows := [][]string{{"head", fmt.Sprintf("%d=%s", position, hash)}, {"checked", fmt.Sprintf("%d rows, positions %d to %d", found.Rows, found.From, found.To)}}
	if bad := found.FirstBad; bad != nil {
		value["first_bad"] = map[string]any{"position": bad.Position, "reason": bad.Reason, "expected": bad.Expected, "found": bad.Found}
		rows = append(rows, []string{"FIRST BAD ROW", strconv.FormatInt(bad.Position, 10), bad.Reason})
	}
	for _, checkpoint := range found.Checkpoints {
		rows = append(rows, []string{"checkpoint", strconv.FormatInt(checkpoint.Position, 10), map[bool]string{true: "ok", false: "NOT IN THE RECORD"}[checkpoint.OK]})
	}
	if found.OK {
		rows = append(rows, []string{"ok"})
	}
	if err := e.print(value, rows); err != nil || found.OK {
		return err
	}
	return errTampered
}

type listAuditCommand struct {
	Workspace string `help:"Entries of this workspace only, by id or name." placeholder:"WORKSPACE"`
	Incident  string `help:"Entries of this incident only, by UUID." placeholder:"ID"`
	Event     string `help:"Entries of this event only, such as approval_given." placeholder:"EVENT"`
	Before    int64  `help:"Continue below this position." placeholder:"POSITION"`
	Limit     int    `default:"50" help:"Number of entries, 1 to 500."`
}

func (c *listAuditCommand) Run(ctx context.Context, e *environment) error {
	l, err := e.openLocal(ctx, "audit list")
	if err != nil {
		return err
	}
	defer l.close()
	if c.Workspace != "" {
		w, err := l.workspace(ctx, c.Workspace)
		if err != nil {
			return err
		}
		l.host.Workspace = w.ID
	}
	entries, err := l.desk.ListAudit(ctx, l.host, soc.AuditFilter{Incident: c.Incident, Event: c.Event, Before: c.Before, Limit: c.Limit})
	if err != nil {
		return err
	}
	values, rows := []map[string]any{}, [][]string{{"POSITION", "AT", "EVENT", "WHO", "DOOR", "DECISION", "CODE", "ABOUT"}}
	for _, a := range entries {
		who, about := dash(a.ActorName), a.Target
		if a.ActorName == "" {
			who = dash(a.Actor)
		}
		for _, id := range []string{a.Incident, a.Gamebook} {
			if id != "" {
				about = id
			}
		}
		values = append(values, map[string]any{
			"position": a.Position, "at": timeJSON(a.At), "event": a.Event, "actor": map[string]any{"kind": a.ActorKind, "id": a.Actor, "name": a.ActorName},
			"workspace": a.Workspace, "incident": a.Incident, "gamebook": a.Gamebook, "run": a.Run, "target": a.Target, "door": a.Door,
			"operation": a.Operation, "request_id": a.RequestID, "decision": a.Decision, "code": a.Code, "rules": append([]string{}, a.Rules...),
			"detail": a.Detail, "hash": a.Hash, "prev_hash": a.PrevHash,
		})
		rows = append(rows, []string{
			strconv.FormatInt(a.Position, 10), timeText(a.At), a.Event, who, dash(a.Door), dash(a.Decision), dash(string(a.Code)), dash(about),
		})
	}
	return e.print(map[string]any{"entries": values}, rows)
}
