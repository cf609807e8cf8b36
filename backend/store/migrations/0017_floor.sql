-- +goose Up
-- How the decisions of a workspace split when each alert type counts once, in
-- millionths of a type: what a type that nobody has decided on yet is expected
-- to be (triage.md T8). One row per workspace; its lock orders the writers.
CREATE TABLE memory_type (
  workspace_id TEXT PRIMARY KEY REFERENCES workspace(id),
  true_positive @int NOT NULL CHECK (true_positive >= 0),
  benign_positive @int NOT NULL CHECK (benign_positive >= 0),
  false_positive @int NOT NULL CHECK (false_positive >= 0)
) @strict;
