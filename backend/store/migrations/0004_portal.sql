-- +goose Up
-- The words a gamebook is found by in the histories (gamebook_history.go), in
-- the order of the answers, so that a search stops at its page.
CREATE TABLE gamebook_word (
  workspace_id TEXT NOT NULL,
  word TEXT NOT NULL,
  requested_at @int NOT NULL,
  gamebook_id TEXT NOT NULL REFERENCES gamebook(id),
  PRIMARY KEY (workspace_id, word, requested_at, gamebook_id)
) @strict;

-- Tickets of other systems, as people and services linked them to incidents.
CREATE TABLE ticket (
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  incident_id TEXT NOT NULL REFERENCES incident(id),
  ticket_id TEXT NOT NULL,
  linked_by TEXT NOT NULL,
  linked_at @int NOT NULL,
  PRIMARY KEY (workspace_id, incident_id, ticket_id)
) @strict;

-- The sources that send to a workspace. last_at is of the last item taken in.
CREATE TABLE data_source (
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  source TEXT NOT NULL,
  format TEXT NOT NULL,
  first_at @int NOT NULL,
  last_at @int NOT NULL,
  PRIMARY KEY (workspace_id, source)
) @strict;

-- What they sent, counted by the hour, so that a source can be compared with
-- its own past without counting alerts.
CREATE TABLE source_hour (
  workspace_id TEXT NOT NULL,
  source TEXT NOT NULL,
  hour @int NOT NULL,
  received @int NOT NULL CHECK (received >= 0),
  rejected @int NOT NULL CHECK (rejected >= 0),
  PRIMARY KEY (workspace_id, source, hour)
) @strict;
