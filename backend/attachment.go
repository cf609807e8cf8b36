package backend

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"

	"vedette/backend/soc"
	"vedette/backend/store"
)

// maxAttachmentText is the longest description, in characters (case-api.md
// section 6).
const maxAttachmentText = 1000

// AddAttachment makes an upload a file of an incident. Bytes that the incident
// has already give the file that has them. The hash becomes an entity that the
// caller vouches for: parsed for people and services, agent-added for agents,
// who could else make any file's hash a target.
func (d *Desk) AddAttachment(ctx context.Context, by soc.Actor, ref soc.IncidentRef, up soc.Upload, in soc.NewAttachment) (out soc.AttachmentResult, err error) {
	if err := by.May(soc.ScopeCasesWrite, soc.RoleAnalyst); err != nil {
		return out, d.refused(ctx, by, "attachment_added", err, nil)
	}
	if err := d.mayWrite(); err != nil {
		return out, err
	}
	if utf8.RuneCountInString(in.Description) > maxAttachmentText {
		return out, soc.InvalidField("description", "must not be longer than %d characters", maxAttachmentText)
	}
	id, err := d.newUUID()
	if err != nil {
		return out, err
	}
	err = d.write(ctx, func(tx *store.Tx) error {
		i, err := d.incident(&tx.Reader, by, ref)
		if err != nil {
			return err
		}
		if err := in.IfMatch.Check(i.Version); err != nil {
			return err
		}
		if err := d.mayTouch(tx, by, i); err != nil {
			return err
		}
		a := soc.Attachment{
			ID: id, Workspace: i.Workspace, Incident: i.ID, Name: soc.AttachmentName(in.Name), Size: up.Size, SHA256: up.SHA256,
			ContentType: in.ContentType, Description: in.Description, AddedBy: by.ID, AddedKind: by.Kind, AddedName: by.Name, AddedAt: d.clock(),
		}
		// The name of a file is as hostile as any other text of an incident.
		i.Flags = mergeFlags(slices.Clone(i.Flags), append(soc.DetectHostile("attachment.name", in.Name), soc.DetectHostile("attachment.description", in.Description)...))
		if out, err = d.addAttachment(tx, by, i, a, up); err != nil || out.Existing {
			return err
		}
		return d.settleIdempotency(tx, by, out)
	})
	if err != nil {
		return soc.AttachmentResult{}, d.refused(ctx, by, "attachment_added", err, nil)
	}
	return out, nil
}

// mayTouch refuses writes in a locked workspace, and an agent's while a kill
// switch covers it.
func (d *Desk) mayTouch(tx *store.Tx, by soc.Actor, i soc.Incident) error {
	if err := d.unlocked(tx, i.Workspace); err != nil {
		return err
	}
	return d.agentStopped(tx, by, i.Workspace)
}

func (d *Desk) addAttachment(tx *store.Tx, by soc.Actor, i soc.Incident, a soc.Attachment, up soc.Upload) (out soc.AttachmentResult, err error) {
	known, found, err := tx.AttachmentByHash(i.Workspace, i.ID, a.SHA256)
	if err != nil || found {
		return soc.AttachmentResult{Attachment: known, Existing: true}, err
	}
	if err := d.roomFor(&tx.Reader, i, a.Size); err != nil {
		return out, err
	}
	kept, found, err := tx.KeepContent(store.Content{Workspace: a.Workspace, ID: up.Content, Size: a.Size, SHA256: a.SHA256})
	if err != nil {
		return out, err
	}
	if !found {
		return out, soc.Errorf(soc.Unavailable, soc.CodeServiceUnavailable, "The upload was given up before it became a file.").WithFix("Send the file again.")
	}
	a.Content = kept.ID
	if err := tx.InsertAttachment(a); err != nil {
		return out, err
	}
	if err := d.hashSeen(tx, by, i, a); err != nil {
		return out, err
	}
	e := d.entry(by, "attachment_added")
	e.Incident, e.Target, e.Digest = i.ID, a.ID, "sha256:"+a.SHA256
	e.Detail = fileDetail(a)
	tx.Audit(e)
	return soc.AttachmentResult{Attachment: a}, nil
}

// fileDetail is what the record keeps of a file beside its hash.
func fileDetail(a soc.Attachment) string {
	record, err := json.Marshal(struct {
		Name string `json:"name"`
		Size int64  `json:"size"`
	}{a.Name, a.Size})
	if err != nil {
		return ""
	}
	return string(record)
}

// hashSeen adds the hash of a file to the entities of its incident.
func (d *Desk) hashSeen(tx *store.Tx, by soc.Actor, i soc.Incident, a soc.Attachment) error {
	provenance := soc.ProvenanceParsed
	if by.Kind == soc.PrincipalAgent {
		provenance = soc.ProvenanceAgentAdded
	}
	entity, found, err := tx.EntityByValue(i.Workspace, i.ID, soc.KindFileHash, a.SHA256)
	if err != nil {
		return err
	}
	if !found {
		id, err := soc.NewID(soc.PrefixEntity, d.random)
		if err != nil {
			return err
		}
		entity = soc.Entity{
			ID: id, Workspace: i.Workspace, Incident: i.ID, Kind: soc.KindFileHash, Value: a.SHA256, Display: a.SHA256,
			Provenance: provenance, FirstSeen: a.AddedAt, LastSeen: a.AddedAt,
		}
		if err := tx.InsertEntity(entity, i.Seq); err != nil {
			return err
		}
	} else if a.AddedAt.After(entity.LastSeen) {
		entity.LastSeen = a.AddedAt
		if err := tx.UpdateEntity(entity, i.Seq); err != nil {
			return err
		}
	}
	after := i
	after.UpdatedAt, after.EvidenceVersion = a.AddedAt, i.EvidenceVersion+1
	if !found {
		after.EntityCount++
	}
	if _, err := tx.UpdateIncident(i, after); err != nil {
		return err
	}
	return tx.InsertSighting(soc.Sighting{
		Workspace: i.Workspace, Entity: entity.ID, Incident: i.ID, Source: "attachment", Field: a.ID, Provenance: provenance, SeenAt: a.AddedAt,
	}, 0)
}

// ListAttachments lists the files of an incident, oldest first.
func (d *Desk) ListAttachments(ctx context.Context, by soc.Actor, ref soc.IncidentRef) (files []soc.Attachment, err error) {
	if err := by.May(soc.ScopeCasesRead, soc.RoleViewer); err != nil {
		return nil, err
	}
	var i soc.Incident
	err = d.store.View(ctx, func(r *store.Reader) error {
		if i, err = d.incident(r, by, ref); err != nil {
			return err
		}
		files, err = r.Attachments(i.Workspace, i.ID, d.attachments.Files)
		return err
	})
	if err != nil {
		return nil, err
	}
	return files, serve(by, i, len(files), len(files) > 0, false)
}

// AttachmentLimits are those of this server.
func (d *Desk) AttachmentLimits() soc.AttachmentLimits { return d.attachments }

// Chunks hands over the bytes of a file one piece at a time; nil at the end.
type Chunks func(ctx context.Context) ([]byte, error)

// OpenAttachment finds a file and hands over its bytes. Agents see that there
// is a file and what its hash is; the bytes are for people and their programs.
func (d *Desk) OpenAttachment(ctx context.Context, by soc.Actor, ref soc.IncidentRef, id string) (a soc.Attachment, next Chunks, err error) {
	if err := by.May(soc.ScopeCasesRead, soc.RoleViewer); err != nil {
		return a, nil, d.refused(ctx, by, "attachment_opened", err, nil)
	}
	if by.Kind == soc.PrincipalAgent {
		err := soc.Errorf(soc.Denied, soc.CodeForbidden, "Agents may list files, not fetch them.").WithFix("Work with the file's hash.")
		return a, nil, d.refused(ctx, by, "attachment_opened", err, nil)
	}
	err = d.store.View(ctx, func(r *store.Reader) error {
		_, a, err = d.attachment(r, by, ref, id)
		return err
	})
	if err != nil {
		return a, nil, err
	}
	n, left := 0, a.Size
	return a, func(ctx context.Context) ([]byte, error) {
		if left <= 0 {
			return nil, nil
		}
		bytes, found, err := d.store.Read(ctx).Chunk(a.Workspace, a.Content, n)
		if err == nil && !found {
			err = errors.New("the bytes of a file went away while they were read")
		}
		n, left = n+1, left-int64(len(bytes))
		return bytes, err
	}, nil
}

func (d *Desk) attachment(r *store.Reader, by soc.Actor, ref soc.IncidentRef, id string) (i soc.Incident, a soc.Attachment, err error) {
	if i, err = d.incident(r, by, ref); err != nil {
		return i, a, err
	}
	a, found, err := r.Attachment(i.Workspace, i.ID, id)
	if err == nil && !found {
		err = soc.NotFoundf("There is no such file.").WithFix("List the files of the case and copy the id exactly.")
	}
	return i, a, err
}

// RemoveAttachment takes the bytes of a file away; that it was there, and its
// hash, stay on record. Evidence may not be destroyed by an agent.
func (d *Desk) RemoveAttachment(ctx context.Context, by soc.Actor, ref soc.IncidentRef, id string, match soc.IfMatch) error {
	if err := by.May(soc.ScopeCasesWrite, soc.RoleSenior); err != nil {
		return d.refused(ctx, by, "attachment_removed", err, nil)
	}
	if by.Kind == soc.PrincipalAgent {
		return d.refused(ctx, by, "attachment_removed", soc.Errorf(soc.Denied, soc.CodeForbidden, "Agents may not remove files."), nil)
	}
	if err := d.mayWrite(); err != nil {
		return err
	}
	err := d.write(ctx, func(tx *store.Tx) error {
		i, a, err := d.attachment(&tx.Reader, by, ref, id)
		if err != nil {
			return err
		}
		if err := match.Check(i.Version); err != nil {
			return err
		}
		if err := d.unlocked(tx, a.Workspace); err != nil {
			return err
		}
		if err := tx.RemoveAttachment(a, d.clock(), by.ID); err != nil {
			return err
		}
		if err := tx.DropContent(a.Workspace, a.Content); err != nil {
			return err
		}
		e := d.entry(by, "attachment_removed")
		e.Incident, e.Target, e.Digest, e.Detail = a.Incident, a.ID, "sha256:"+a.SHA256, fileDetail(a)
		tx.Audit(e)
		return d.settleIdempotency(tx, by, a)
	})
	if err != nil {
		return d.refused(ctx, by, "attachment_removed", err, nil)
	}
	return nil
}
