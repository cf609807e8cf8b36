-- +goose Up
-- A version of a procedure that waits for its second person, whole; gone once the
-- change that asks for it has ended.
CREATE TABLE sop_draft (
  change_id TEXT PRIMARY KEY REFERENCES policy_change(id),
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  record TEXT NOT NULL
) @strict;
CREATE INDEX sop_draft_workspace ON sop_draft (workspace_id, change_id);
