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
