-- +goose Up
-- Whoever works on the runs of an agent's identity: when it last asked for one,
-- with which models, and since when its endpoint does not answer (triage.md T22).
CREATE TABLE loop_worker (
  agent_id TEXT PRIMARY KEY,
  asked_at @int NOT NULL,
  models TEXT NOT NULL,
  -- 0 while the endpoint answers.
  failed_at @int NOT NULL,
  failures @int NOT NULL
) @strict;

-- How often a run lost its endpoint. Those that did come after those that did
-- not, so that one request an endpoint dies of holds up nothing else.
ALTER TABLE run_work ADD COLUMN faults @int NOT NULL DEFAULT 0;
DROP INDEX run_work_waiting;
CREATE INDEX run_work_waiting ON run_work (workspace_id, agent_id, faults, priority DESC, queued_at, run_id) WHERE finished_at = 0;
CREATE INDEX run_work_oldest ON run_work (workspace_id, agent_id, faults, queued_at, run_id) WHERE finished_at = 0;
