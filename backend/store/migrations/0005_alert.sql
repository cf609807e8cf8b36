-- +goose Up
-- The values of every alert, whichever family brought it: what "have we seen
-- this before?" asks. Under an incident they are its entities, too.
CREATE TABLE alert_observable (
  alert_id TEXT NOT NULL REFERENCES alert(id),
  number @int NOT NULL CHECK (number >= 1),
  workspace_id TEXT NOT NULL,
  position @int NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('account','host','ip','url','domain','file','file_hash','process','mailbox','mail_message','registry_key','registry_value','cloud_resource','application','other')),
  value TEXT NOT NULL,
  value_key TEXT NOT NULL,
  valid @bool NOT NULL,
  -- Named by the sender, where others were found in its payload.
  declared @bool NOT NULL,
  provenance TEXT NOT NULL CHECK (provenance IN ('sensor_asserted','parsed','agent_added')),
  field TEXT NOT NULL,
  sent TEXT NOT NULL,
  seen_at @int NOT NULL,
  PRIMARY KEY (alert_id, value_key)
) @strict;
CREATE INDEX alert_observable_seen ON alert_observable (workspace_id, value_key, position, seen_at);

-- What an alert said before its sender replaced it.
CREATE TABLE alert_revision (
  alert_id TEXT NOT NULL REFERENCES alert(id),
  version @int NOT NULL,
  workspace_id TEXT NOT NULL,
  payload_hash TEXT NOT NULL,
  sent_severity TEXT NOT NULL CHECK (sent_severity IN ('informational','low','medium','high','critical')),
  raw @blob NOT NULL,
  replaced_at @int NOT NULL,
  PRIMARY KEY (alert_id, version)
) @strict;

CREATE TABLE suppression (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  kind TEXT NOT NULL CHECK (kind IN ('account','host','ip','url','domain','file','file_hash','process','mailbox','mail_message','registry_key','registry_value','cloud_resource','application')),
  value TEXT NOT NULL,
  value_key TEXT NOT NULL,
  -- One source, or '' for all of the workspace.
  source TEXT NOT NULL,
  until @int NOT NULL,
  -- The one of its value and scope that may be active. A lifted one is not,
  -- nor one that ended before another was made.
  standing @bool NOT NULL,
  hits @int NOT NULL CHECK (hits >= 0),
  reason TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_kind TEXT NOT NULL,
  created_at @int NOT NULL,
  ended_at @int NOT NULL,
  ended_by TEXT NOT NULL,
  notice_at @int NOT NULL,
  CHECK (ended_at = 0 OR standing = FALSE)
) @strict;
CREATE UNIQUE INDEX suppression_standing ON suppression (workspace_id, value_key, source) WHERE standing = TRUE;
CREATE INDEX suppression_made ON suppression (workspace_id, id);
CREATE INDEX suppression_ends ON suppression (until) WHERE standing = TRUE AND notice_at = 0;
