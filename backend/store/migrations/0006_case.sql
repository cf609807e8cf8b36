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
