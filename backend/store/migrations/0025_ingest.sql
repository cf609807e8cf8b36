-- +goose Up
-- What people set about a source, and what it sent in all: a list of sources
-- adds up no hours.
ALTER TABLE data_source ADD COLUMN display_name TEXT NOT NULL DEFAULT '';
ALTER TABLE data_source ADD COLUMN dedup_hours @int NOT NULL DEFAULT 24 CHECK (dedup_hours BETWEEN 0 AND 168);
ALTER TABLE data_source ADD COLUMN silent_minutes @int NOT NULL DEFAULT 0 CHECK (silent_minutes BETWEEN 0 AND 10080);
ALTER TABLE data_source ADD COLUMN received @int NOT NULL DEFAULT 0 CHECK (received >= 0);
ALTER TABLE data_source ADD COLUMN rejected @int NOT NULL DEFAULT 0 CHECK (rejected >= 0);
ALTER TABLE data_source ADD COLUMN version @int NOT NULL DEFAULT 1;

-- Streams of alerts: how far each came, and what of it could not be read. The
-- alerts themselves are stored group by group while the stream comes.
CREATE TABLE ingest_upload (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  format TEXT NOT NULL,
  by_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('receiving','done','failed','cancelled')),
  problem TEXT NOT NULL,
  bytes @int NOT NULL,
  received @int NOT NULL,
  created @int NOT NULL,
  updated @int NOT NULL,
  duplicate @int NOT NULL,
  conflict @int NOT NULL,
  rejected @int NOT NULL,
  started_at @int NOT NULL,
  moved_at @int NOT NULL
) @strict;
CREATE TABLE ingest_failure (
  workspace_id TEXT NOT NULL,
  upload_id TEXT NOT NULL REFERENCES ingest_upload(id),
  item @int NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('rejected','conflict')),
  external_id TEXT NOT NULL,
  errors TEXT NOT NULL,
  PRIMARY KEY (upload_id, item)
) @strict;
