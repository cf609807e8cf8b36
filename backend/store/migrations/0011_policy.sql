-- +goose Up
-- Every version of a workspace's policy that was in force, with who made it. The
-- hash tells a damaged document from one that may be restored.
CREATE TABLE policy_version (
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  version @int NOT NULL CHECK (version >= 1),
  at @int NOT NULL,
  event TEXT NOT NULL,
  target TEXT NOT NULL,
  by_kind TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  confirmed TEXT NOT NULL,
  reason TEXT NOT NULL,
  direction TEXT NOT NULL CHECK (direction IN ('neither','tightening','loosening')),
  diff TEXT NOT NULL,
  document TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (workspace_id, version)
) @strict;

-- The workspace's own rules, hashed like the other parts of the policy.
CREATE TABLE policy_rules (
  workspace_id TEXT PRIMARY KEY REFERENCES workspace(id),
  rules TEXT NOT NULL,
  hash TEXT NOT NULL
) @strict;

-- Decisions that a rule in log-only mode would have made otherwise.
CREATE TABLE policy_rule_log (
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  rule TEXT NOT NULL,
  gamebook_id TEXT NOT NULL,
  at @int NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('run','queue','deny')),
  would TEXT NOT NULL CHECK (would IN ('run','queue','deny')),
  PRIMARY KEY (workspace_id, rule, gamebook_id)
) @strict;
CREATE INDEX policy_rule_log_order ON policy_rule_log (workspace_id, rule, at, gamebook_id);

-- A loosening waits for two people; the digest is what they confirm.
CREATE TABLE policy_change (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  kind TEXT NOT NULL CHECK (kind IN ('settings','limits','protected','rules','policy','roles','key','source','person','catalogue','sop')),
  event TEXT NOT NULL,
  target TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending','applied','rejected','expired','stale')),
  by_kind TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  requested_at @int NOT NULL,
  expires_at @int NOT NULL,
  base_version @int NOT NULL,
  diff TEXT NOT NULL,
  proposed TEXT NOT NULL,
  reason TEXT NOT NULL,
  digest TEXT NOT NULL,
  confirmations TEXT NOT NULL,
  decided_by TEXT NOT NULL,
  decided_at @int NOT NULL,
  decision_reason TEXT NOT NULL,
  version @int NOT NULL,
  CHECK ((state = 'pending') = (decided_at = 0))
) @strict;
CREATE INDEX policy_change_order ON policy_change (workspace_id, expires_at, id);
CREATE INDEX policy_change_pending ON policy_change (workspace_id, expires_at, id) WHERE state = 'pending';
