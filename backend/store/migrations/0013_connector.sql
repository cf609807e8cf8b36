-- +goose Up
-- Connectors are a workspace's ways out to real products. A row is never
-- removed: steps and audit entries name its id.
CREATE TABLE connector (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  base_url TEXT NOT NULL,
  settings TEXT NOT NULL,
  -- What is left in use of what the kind can do; '' leaves everything.
  playbooks TEXT NOT NULL,
  -- Calls in 1000 seconds, and at once.
  rate_milli @int NOT NULL CHECK (rate_milli > 0),
  burst @int NOT NULL CHECK (burst > 0),
  declaration TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('proposed','enabled','disabled')),
  -- Who asked to put it in force; another person has to.
  proposed_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at @int NOT NULL,
  updated_at @int NOT NULL,
  deleted_at @int NOT NULL,
  version @int NOT NULL
) @strict;
CREATE UNIQUE INDEX connector_name ON connector (workspace_id, name) WHERE deleted_at = 0;

-- Secrets are sealed with a key that is not in the database (S53).
CREATE TABLE connector_secret (
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  connector_id TEXT NOT NULL REFERENCES connector(id),
  name TEXT NOT NULL,
  sealed @blob NOT NULL,
  set_at @int NOT NULL,
  PRIMARY KEY (connector_id, name)
) @strict;
