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

-- The first person's word on taking a TruePositive out of memory, until a
-- second agrees or a day has passed.
CREATE TABLE memory_undo (
  event_id TEXT PRIMARY KEY REFERENCES verdict_event(id),
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  asked_by TEXT NOT NULL,
  asked_name TEXT NOT NULL,
  reason TEXT NOT NULL,
  asked_at @int NOT NULL
) @strict;

-- What people see of memory holds the decisions that count no more, which the
-- indexes of the counting leave out.
CREATE INDEX verdict_event_title_all ON verdict_event (workspace_id, title_key, decided_at, id);
CREATE INDEX verdict_event_detector_all ON verdict_event (workspace_id, detector_key, decided_at, id);
