-- +goose Up
-- The triage playbooks that a workspace made, in versions. A version that lets
-- more happen waits for two people (S60); what it says never changes.
CREATE TABLE triage_playbook (
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  name TEXT NOT NULL,
  version @int NOT NULL CHECK (version >= 1),
  state TEXT NOT NULL CHECK (state IN ('pending','in_force','replaced','rejected','superseded','expired')),
  draft TEXT NOT NULL,
  digest TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  asked_kind TEXT NOT NULL,
  asked_at @int NOT NULL,
  expires_at @int NOT NULL,
  decided_at @int NOT NULL,
  confirmations TEXT NOT NULL,
  PRIMARY KEY (workspace_id, name, version),
  CHECK ((state = 'pending') = (decided_at = 0))
) @strict;
CREATE UNIQUE INDEX triage_playbook_stands ON triage_playbook (workspace_id, name) WHERE state = 'in_force';
CREATE UNIQUE INDEX triage_playbook_waits ON triage_playbook (workspace_id, name) WHERE state = 'pending';

CREATE INDEX run_made ON run (workspace_id, id);
CREATE INDEX run_open ON run (incident_id, agent_id) WHERE implicit = FALSE AND state IN ('Queued','Leased','Investigating','Submitting');
