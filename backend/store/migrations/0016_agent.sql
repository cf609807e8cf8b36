-- +goose Up
-- What a run of the built-in loop is about beside the run itself: its place in
-- the queue, who holds it, how far it is and what it used (triage.md T3, T21).
CREATE TABLE run_work (
  run_id TEXT PRIMARY KEY REFERENCES run(id),
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  incident_id TEXT NOT NULL REFERENCES incident(id),
  agent_id TEXT NOT NULL,
  -- 0 informational to 4 critical.
  priority @int NOT NULL CHECK (priority BETWEEN 0 AND 4),
  -- Of the incident when the run was made: a change makes another run.
  evidence_version @int NOT NULL,
  stage TEXT NOT NULL CHECK (stage IN ('overview','hypotheses','select','extract','verdict','self_check','reconcile','respond','submit')),
  seq @int NOT NULL,
  chain TEXT NOT NULL,
  -- Who took it over last; an older worker can store nothing.
  fence @int NOT NULL,
  lease_expires_at @int NOT NULL,
  -- Results of the stage that did not pass its schema.
  bad @int NOT NULL,
  budget TEXT NOT NULL,
  used TEXT NOT NULL,
  model TEXT NOT NULL,
  prompts TEXT NOT NULL,
  error TEXT NOT NULL,
  queued_at @int NOT NULL,
  started_at @int NOT NULL,
  finished_at @int NOT NULL
) @strict;
CREATE INDEX run_work_waiting ON run_work (workspace_id, agent_id, priority, queued_at, run_id) WHERE finished_at = 0;
CREATE INDEX run_work_incident ON run_work (incident_id, agent_id, evidence_version);
CREATE INDEX run_work_model ON run_work (workspace_id, model, prompts) WHERE finished_at > 0;

-- A stage that is done, or the part of one that failed or was stopped. Rows are
-- only added; chain proves each and all before it under a key that is not here.
CREATE TABLE run_stage (
  run_id TEXT NOT NULL REFERENCES run(id),
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  seq @int NOT NULL CHECK (seq >= 1),
  stage TEXT NOT NULL CHECK (stage IN ('overview','hypotheses','select','extract','verdict','self_check','reconcile','respond','submit')),
  fence @int NOT NULL,
  model TEXT NOT NULL,
  result TEXT NOT NULL,
  exchanges TEXT NOT NULL,
  used TEXT NOT NULL,
  error TEXT NOT NULL,
  -- Of the report as it was sent, so that sending it again changes nothing.
  report TEXT NOT NULL,
  chain TEXT NOT NULL,
  at @int NOT NULL,
  PRIMARY KEY (run_id, seq)
) @strict;

-- What a workspace used on a day (UTC), counted from the epoch (S61).
CREATE TABLE loop_day (
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  day @int NOT NULL,
  tokens @int NOT NULL,
  cost_micros @int NOT NULL,
  PRIMARY KEY (workspace_id, day)
) @strict;

CREATE INDEX investigation_run ON investigation (run_id, at) WHERE run_id <> '';
