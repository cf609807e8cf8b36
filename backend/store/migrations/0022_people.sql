-- +goose Up
-- Parts of the record that were written out; the bytes are content, which goes
-- when the export expires.
CREATE TABLE audit_export (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  by_kind TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  format TEXT NOT NULL CHECK (format IN ('jsonl','csv')),
  filter TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running','done','failed','expired')),
  row_count @int NOT NULL,
  bytes @int NOT NULL,
  sha256 TEXT NOT NULL,
  content_id TEXT NOT NULL,
  problem TEXT NOT NULL,
  created_at @int NOT NULL,
  finished_at @int NOT NULL,
  expires_at @int NOT NULL,
  CHECK ((state = 'running') = (finished_at = 0))
) @strict;
CREATE INDEX audit_export_kept ON audit_export (workspace_id, expires_at) WHERE state IN ('running','done');
CREATE INDEX audit_export_ends ON audit_export (expires_at, id) WHERE state = 'done';
CREATE INDEX audit_export_content ON audit_export (content_id) WHERE state = 'done';

-- Walks over the record that a request did not finish.
CREATE TABLE audit_verification (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  by_kind TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running','done')),
  next @int NOT NULL,
  checkpoint TEXT NOT NULL,
  found TEXT NOT NULL,
  created_at @int NOT NULL,
  finished_at @int NOT NULL,
  CHECK ((state = 'running') = (finished_at = 0))
) @strict;
CREATE UNIQUE INDEX audit_verification_one ON audit_verification (workspace_id) WHERE state = 'running';

-- Copies of the database that were asked for over the network, one at a time.
CREATE TABLE backup (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organization(id),
  by_kind TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  label TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running','done','failed')),
  made TEXT NOT NULL,
  problem TEXT NOT NULL,
  created_at @int NOT NULL,
  finished_at @int NOT NULL,
  CHECK ((state = 'running') = (finished_at = 0))
) @strict;
CREATE INDEX backup_made ON backup (organization_id, created_at, id);
CREATE UNIQUE INDEX backup_one ON backup (state) WHERE state = 'running';

-- What decisions about cards say of attention (S64); no row says what a card said.
CREATE TABLE attention (
  id TEXT PRIMARY KEY REFERENCES approval(id),
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  person_id TEXT NOT NULL,
  person_name TEXT NOT NULL,
  gamebook_id TEXT NOT NULL,
  playbook_id TEXT NOT NULL,
  rules TEXT NOT NULL,
  approved @bool NOT NULL,
  viewed @bool NOT NULL,
  looked @int NOT NULL,
  opened @int NOT NULL,
  at @int NOT NULL
) @strict;
CREATE INDEX attention_time ON attention (workspace_id, at, id);
CREATE INDEX attention_person ON attention (workspace_id, person_id, at, id);

-- Links by which people choose a password, once. The hash is empty until whoever
-- asked for a reset has collected its token.
CREATE TABLE person_link (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person(id),
  purpose TEXT NOT NULL CHECK (purpose IN ('invite','reset')),
  hash @blob,
  collector TEXT NOT NULL,
  created_at @int NOT NULL,
  expires_at @int NOT NULL,
  ended_at @int NOT NULL
) @strict;
CREATE UNIQUE INDEX person_link_token ON person_link (hash) WHERE hash IS NOT NULL;
CREATE UNIQUE INDEX person_link_stands ON person_link (person_id) WHERE ended_at = 0;

-- Keys whose secret waits to be collected.
CREATE INDEX credential_uncollected ON credential (id) WHERE prefix = '' AND revoked_at = 0;
