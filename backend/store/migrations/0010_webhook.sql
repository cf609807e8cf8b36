-- +goose Up
-- Webhooks are the organization's. Secrets are sealed with a key that is not in
-- the database (S53); an empty blob is none.
CREATE TABLE webhook (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organization(id),
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('Active','Paused','AutoDisabled')),
  event_types TEXT NOT NULL,
  workspaces TEXT NOT NULL,
  authentication TEXT NOT NULL CHECK (authentication IN ('None','BasicAuth','BearerToken')),
  authorization_secret @blob NOT NULL,
  signing_token @blob NOT NULL,
  secret @blob NOT NULL,
  -- The secret before the last rotation signs along until former_until.
  former_secret @blob NOT NULL,
  former_until @int NOT NULL,
  signature_format TEXT NOT NULL CHECK (signature_format IN ('base64Iso','hexUnix')),
  payload_format TEXT NOT NULL CHECK (payload_format IN ('portal','case')),
  consecutive_failures @int NOT NULL,
  delivered_at @int NOT NULL,
  disabled_at @int NOT NULL,
  disabled_reason TEXT NOT NULL,
  -- Deliveries made before it are not sent any more.
  skip_before @int NOT NULL,
  created_by TEXT NOT NULL,
  created_at @int NOT NULL,
  updated_at @int NOT NULL,
  deleted_at @int NOT NULL,
  version @int NOT NULL,
  -- The one process that sends to it, and until when nobody else may.
  lease TEXT NOT NULL,
  lease_expires_at @int NOT NULL,
  CHECK ((status = 'AutoDisabled') = (disabled_at > 0))
) @strict;
CREATE INDEX webhook_organization ON webhook (organization_id, created_at, id) WHERE deleted_at = 0;
CREATE INDEX webhook_deleted ON webhook (deleted_at) WHERE deleted_at > 0;

-- The outbox: what happened, in the server's own words, written in the
-- transaction in which it happened. The same event has the same id for ever.
CREATE TABLE event (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organization(id),
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  type TEXT NOT NULL CHECK (type IN ('incident.created.v1','incident.status.changed.v1','incident.verdict.held.v1','gamebook.approval.requested.v1','gamebook.finished.v1','agent.investigation.completed.v1','case.created','case.transitioned','case.resolved','case.reopened','case.verdict_held','case.sla_breached','case.action_pending','case.mentioned')),
  facts TEXT NOT NULL,
  occurred_at @int NOT NULL,
  created_at @int NOT NULL
) @strict;
CREATE INDEX event_age ON event (created_at, id);

-- One row per event and webhook, and one more per test and redelivery.
CREATE TABLE delivery (
  id TEXT PRIMARY KEY,
  webhook_id TEXT NOT NULL REFERENCES webhook(id),
  event_id TEXT NOT NULL REFERENCES event(id),
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  status TEXT NOT NULL CHECK (status IN ('Pending','Delivered','Failed','Skipped')),
  is_test @bool NOT NULL,
  original_id TEXT NOT NULL,
  attempts @int NOT NULL,
  first_attempt_at @int NOT NULL,
  next_attempt_at @int NOT NULL,
  http_status @int NOT NULL,
  latency_ms @int NOT NULL,
  error TEXT NOT NULL,
  snippet TEXT NOT NULL,
  redelivery_requested_at @int NOT NULL,
  created_at @int NOT NULL,
  completed_at @int NOT NULL,
  CHECK ((status = 'Pending') = (completed_at = 0))
) @strict;
CREATE UNIQUE INDEX delivery_once ON delivery (webhook_id, event_id) WHERE original_id = '';
-- Tests are sent by whoever asked for them and never by the clock.
CREATE INDEX delivery_due ON delivery (webhook_id, next_attempt_at, id) WHERE status = 'Pending' AND is_test = FALSE;
CREATE INDEX delivery_log ON delivery (webhook_id, created_at, id);
CREATE INDEX delivery_age ON delivery (created_at, id);
CREATE INDEX delivery_event ON delivery (event_id);

CREATE TABLE delivery_attempt (
  delivery_id TEXT NOT NULL REFERENCES delivery(id),
  number @int NOT NULL CHECK (number >= 1),
  started_at @int NOT NULL,
  http_status @int NOT NULL,
  latency_ms @int NOT NULL,
  error TEXT NOT NULL,
  snippet TEXT NOT NULL,
  PRIMARY KEY (delivery_id, number)
) @strict;
