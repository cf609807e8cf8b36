-- +goose Up
-- Bytes of files, in rows, so that a backup and every replica have them. A
-- content is being sent (kept false, no hash yet) or kept, once per workspace
-- and hash. What is neither kept nor young is swept, row by row.
CREATE TABLE content (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  sha256 TEXT NOT NULL,
  size @int NOT NULL CHECK (size >= 0),
  kept @bool NOT NULL,
  started_at @int NOT NULL
) @strict;
CREATE UNIQUE INDEX content_hash ON content (workspace_id, sha256) WHERE kept;
CREATE INDEX content_loose ON content (started_at, id) WHERE NOT kept;

CREATE TABLE content_chunk (
  content_id TEXT NOT NULL REFERENCES content(id),
  n @int NOT NULL,
  bytes @blob NOT NULL,
  PRIMARY KEY (content_id, n)
) @strict;

-- A file of an incident. The row stays when its bytes go.
CREATE TABLE attachment (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  incident_id TEXT NOT NULL REFERENCES incident(id),
  content_id TEXT NOT NULL,
  name TEXT NOT NULL,
  size @int NOT NULL,
  sha256 TEXT NOT NULL,
  content_type TEXT NOT NULL,
  description TEXT NOT NULL,
  added_by TEXT NOT NULL,
  added_kind TEXT NOT NULL,
  added_name TEXT NOT NULL,
  added_at @int NOT NULL,
  removed_at @int NOT NULL,
  removed_by TEXT NOT NULL
) @strict;
CREATE UNIQUE INDEX attachment_once ON attachment (incident_id, sha256) WHERE removed_at = 0;
CREATE INDEX attachment_incident ON attachment (incident_id, added_at, id);
CREATE INDEX attachment_content ON attachment (content_id) WHERE removed_at = 0;

-- When an incident was acknowledged and triaged, and when somebody has to look
-- at its targets next: at due_at, 0 for never. One narrow row beside the wide
-- one, so that the search for what is due reads an index of its own.
CREATE TABLE incident_clock (
  incident_id TEXT PRIMARY KEY REFERENCES incident(id),
  workspace_id TEXT NOT NULL,
  acknowledged_at @int NOT NULL,
  triaged_at @int NOT NULL,
  due_at @int NOT NULL,
  breached @int NOT NULL CHECK (breached BETWEEN 0 AND 7)
) @strict;
CREATE INDEX incident_clock_due ON incident_clock (due_at, incident_id) WHERE due_at > 0;

-- Targets that a workspace set in place of the shipped ones, in seconds.
CREATE TABLE sla_target (
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  severity TEXT NOT NULL CHECK (severity IN ('informational','low','medium','high','critical')),
  acknowledge_s @int NOT NULL,
  triage_s @int NOT NULL,
  resolve_s @int NOT NULL,
  PRIMARY KEY (workspace_id, severity)
) @strict;

-- What a case was closed with, as it was then. Every version stays.
CREATE TABLE report (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  incident_id TEXT NOT NULL REFERENCES incident(id),
  version @int NOT NULL CHECK (version >= 1),
  sha256 TEXT NOT NULL,
  body @blob NOT NULL,
  created_at @int NOT NULL,
  UNIQUE (incident_id, version)
) @strict;

-- Timelines: the record of an incident without what was only read.
CREATE INDEX audit_timeline ON audit (incident_id, position) WHERE incident_id <> '' AND substr(event, 1, 10) <> 'agent_call';

-- Lists of cases by verdict, and of those that wait for a person.
CREATE INDEX incident_verdict ON incident (workspace_id, verdict, duplicate, created_at, id) WHERE deleted_at = 0 AND verdict <> '';
CREATE INDEX incident_held ON incident (workspace_id, created_at, id) WHERE deleted_at = 0 AND held = TRUE;
