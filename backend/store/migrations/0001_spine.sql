-- +goose Up
-- One text for both engines. @int, @blob, @bool, @serial and @strict are
-- replaced per engine in migrate.go. Times are Unix microseconds, 0 = none.

CREATE TABLE organization (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  -- Roles whose people must have a second factor (S49), a JSON list.
  second_factor_roles TEXT NOT NULL,
  created_at @int NOT NULL
) @strict;

CREATE TABLE workspace (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organization(id),
  name TEXT NOT NULL,
  locked @bool NOT NULL,
  legal_hold @bool NOT NULL,
  incident_serial @int NOT NULL,
  policy_version @int NOT NULL,
  created_at @int NOT NULL
) @strict;
CREATE INDEX workspace_organization ON workspace (organization_id, id);

CREATE TABLE person (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organization(id),
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  organization_admin @bool NOT NULL,
  disabled @bool NOT NULL,
  failed_logins @int NOT NULL,
  retry_at @int NOT NULL,
  created_at @int NOT NULL,
  -- The second factor, sealed; the one that is still to be proven; and the last
  -- RFC 6238 time step that was used, since each is good once.
  totp @blob,
  totp_pending @blob,
  totp_step @int NOT NULL DEFAULT 0,
  -- Wrong codes since the last right one. A right password does not end this
  -- delay: it is what whoever guesses codes already has.
  failed_codes @int NOT NULL DEFAULT 0,
  code_retry_at @int NOT NULL DEFAULT 0
) @strict;

-- The recovery codes that are left of a person; a used one is gone.
CREATE TABLE recovery_code (
  person_id TEXT NOT NULL REFERENCES person(id),
  code_hash @blob NOT NULL,
  PRIMARY KEY (person_id, code_hash)
) @strict;

CREATE TABLE role_grant (
  person_id TEXT NOT NULL REFERENCES person(id),
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  role TEXT NOT NULL CHECK (role IN ('viewer','analyst','senior','manager','admin')),
  PRIMARY KEY (person_id, workspace_id)
) @strict;
CREATE INDEX role_grant_workspace ON role_grant (workspace_id, role);

CREATE TABLE session (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES person(id),
  token_hash @blob NOT NULL UNIQUE,
  authenticated_at @int NOT NULL,
  created_at @int NOT NULL,
  last_seen_at @int NOT NULL,
  expires_at @int NOT NULL,
  -- Whether it proved the second factor, and how many wrong codes it sent.
  second_factor @bool NOT NULL,
  failed_codes @int NOT NULL DEFAULT 0,
  -- Whence it came, told to its person in the list of own sessions.
  address TEXT NOT NULL,
  client TEXT NOT NULL
) @strict;
CREATE INDEX session_person ON session (person_id);
CREATE INDEX session_expiry ON session (expires_at);

CREATE TABLE agent (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organization(id),
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  suspended_at @int NOT NULL,
  suspended_by TEXT NOT NULL,
  suspended_why TEXT NOT NULL,
  created_at @int NOT NULL
) @strict;

CREATE TABLE credential (
  id TEXT PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organization(id),
  kind TEXT NOT NULL CHECK (kind IN ('person','agent','service')),
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  client_id TEXT UNIQUE,
  -- Who an external token issuer says it is, instead of a secret of ours.
  oauth_client TEXT UNIQUE,
  secret_hash @blob NOT NULL UNIQUE,
  -- The secret before the last rotation, good until former_until.
  former_hash @blob UNIQUE,
  former_until @int NOT NULL,
  scopes TEXT NOT NULL,
  workspaces TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('viewer','analyst','senior','manager','admin')),
  agent_id TEXT REFERENCES agent(id),
  owner_id TEXT REFERENCES person(id),
  source TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at @int NOT NULL,
  expires_at @int NOT NULL,
  revoked_at @int NOT NULL,
  last_used_at @int NOT NULL,
  CHECK ((kind = 'agent') = (agent_id IS NOT NULL))
) @strict;
CREATE INDEX credential_organization ON credential (organization_id, id);

CREATE TABLE incident (
  seq @serial,
  id TEXT NOT NULL UNIQUE,
  short_id TEXT NOT NULL UNIQUE,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,
  number @int NOT NULL,
  source_number @int NOT NULL,
  incident_type TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('informational','low','medium','high','critical')),
  severity_rank @int NOT NULL CHECK (severity_rank BETWEEN 0 AND 4),
  ingest_severity TEXT NOT NULL CHECK (ingest_severity IN ('informational','low','medium','high','critical')),
  highest_severity TEXT NOT NULL CHECK (highest_severity IN ('informational','low','medium','high','critical')),
  status TEXT NOT NULL CHECK (status IN ('new','active','contained','eradicated','recovered','closed')),
  -- phase is the triage family's status: 0 open, 1 triaged, 2 resolved.
  phase @int NOT NULL CHECK (phase BETWEEN 0 AND 2),
  verdict TEXT NOT NULL CHECK (verdict IN ('','TruePositive','BenignPositive','FalsePositive','Undetermined','Suspicious')),
  verdict_reason TEXT NOT NULL,
  verdict_by TEXT NOT NULL CHECK (verdict_by IN ('','person','agent','service','system','host')),
  verdict_score @int,
  investigation_id TEXT NOT NULL,
  held @bool NOT NULL,
  hold_reasons TEXT NOT NULL,
  proposed_verdict TEXT NOT NULL CHECK (proposed_verdict IN ('','TruePositive','BenignPositive','FalsePositive','Undetermined','Suspicious')),
  closing_comment TEXT NOT NULL,
  triaged_at @int NOT NULL,
  last_triage TEXT NOT NULL,
  assignee_id TEXT NOT NULL,
  assignee_name TEXT NOT NULL,
  assignee_email TEXT NOT NULL,
  tactics TEXT NOT NULL,
  products TEXT NOT NULL,
  rule_ids TEXT NOT NULL,
  flags TEXT NOT NULL,
  dangling_alerts TEXT NOT NULL,
  alert_count @int NOT NULL,
  entity_count @int NOT NULL,
  evidence_count @int NOT NULL,
  created_at @int NOT NULL,
  updated_at @int NOT NULL,
  first_activity @int NOT NULL,
  last_activity @int NOT NULL,
  source_modified @int NOT NULL,
  ingested_at @int NOT NULL,
  deleted_at @int NOT NULL,
  version @int NOT NULL,
  evidence_version @int NOT NULL,
  duplicate @bool NOT NULL,
  duplicate_of TEXT NOT NULL,
  root_cause TEXT NOT NULL,
  closed_by TEXT NOT NULL,
  closed_at @int NOT NULL,
  CHECK ((status = 'closed') = (closed_at <> 0))
) @strict;
CREATE UNIQUE INDEX incident_key ON incident (workspace_id, source, external_id);
CREATE UNIQUE INDEX incident_number ON incident (workspace_id, number);
-- Lists (incident_list.go). The time of creation stands behind that of the
-- update, so that a window is tested without fetching the rows outside of it.
-- Each order without a filter:
CREATE INDEX incident_created ON incident (workspace_id, created_at, id) WHERE deleted_at = 0;
CREATE INDEX incident_updated ON incident (workspace_id, updated_at, id, created_at) WHERE deleted_at = 0;
CREATE INDEX incident_severity ON incident (workspace_id, severity_rank, id) WHERE deleted_at = 0;
CREATE INDEX incident_phase ON incident (workspace_id, phase, id) WHERE deleted_at = 0;
-- The same behind phase, status and severity; severity and phase order by id:
CREATE INDEX incident_state_created ON incident (workspace_id, phase, status, severity_rank, created_at, id) WHERE deleted_at = 0;
CREATE INDEX incident_state_updated ON incident (workspace_id, phase, status, severity_rank, updated_at, id, created_at) WHERE deleted_at = 0;
CREATE INDEX incident_state_number ON incident (workspace_id, phase, status, severity_rank, number, id) WHERE deleted_at = 0;
CREATE INDEX incident_state_id ON incident (workspace_id, phase, status, severity_rank, id) WHERE deleted_at = 0;
-- The newest that are not closed, which most lists begin with:
CREATE INDEX incident_open ON incident (workspace_id, created_at, id) WHERE deleted_at = 0 AND CASE WHEN status = 'closed' THEN 1 ELSE 0 END = 0;
CREATE INDEX incident_source ON incident (workspace_id, source, created_at, id) WHERE deleted_at = 0;
CREATE INDEX incident_source_state ON incident (workspace_id, source, status, severity_rank, created_at, id) WHERE deleted_at = 0;
-- Whose they are; most have nobody, and cost the first two nothing:
CREATE INDEX incident_assignee ON incident (workspace_id, assignee_id, created_at, id) WHERE deleted_at = 0 AND assignee_id <> '';
CREATE INDEX incident_assignee_email ON incident (workspace_id, LOWER(assignee_email), created_at, id) WHERE deleted_at = 0 AND assignee_email <> '';
CREATE INDEX incident_unassigned ON incident (workspace_id, created_at, id) WHERE deleted_at = 0 AND assignee_id = '' AND assignee_name = '' AND assignee_email = '';
CREATE INDEX incident_kind ON incident (workspace_id, incident_type, phase, severity_rank, created_at, id) WHERE deleted_at = 0;

-- Kept counts, so that no list ever counts by scanning.
CREATE TABLE incident_tally (
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  status TEXT NOT NULL,
  phase @int NOT NULL,
  severity_rank @int NOT NULL,
  n @int NOT NULL CHECK (n >= 0),
  PRIMARY KEY (workspace_id, status, phase, severity_rank)
) @strict;

-- One detection, whichever family brought it. One that an incident has stands
-- under it (escalated); the case family's stand in triage until somebody
-- decides (../../alert.go).
CREATE TABLE alert (
  id TEXT PRIMARY KEY,
  -- The id of the case family, a UUIDv7, and its place in the order of arrival:
  -- the first 60 bits of it that count (alert_position.go).
  uid TEXT NOT NULL,
  position @int NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  source TEXT NOT NULL,
  external_id TEXT NOT NULL,
  -- The reader of the payload: an ingest format, or case.
  format TEXT NOT NULL,
  incident_id TEXT REFERENCES incident(id),
  status TEXT NOT NULL CHECK (status IN ('triage','deduplicated','suppressed','dismissed','linked','escalated')),
  -- The incident a linked alert is context of.
  linked_to TEXT REFERENCES incident(id),
  duplicate_of TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('informational','low','medium','high','critical')),
  severity_rank @int NOT NULL CHECK (severity_rank BETWEEN 0 AND 4),
  sent_severity TEXT NOT NULL CHECK (sent_severity IN ('informational','low','medium','high','critical')),
  product TEXT NOT NULL,
  vendor TEXT NOT NULL,
  detector TEXT NOT NULL,
  detector_key TEXT NOT NULL,
  title_key TEXT NOT NULL,
  category TEXT NOT NULL,
  tactics TEXT NOT NULL,
  techniques TEXT NOT NULL,
  flags TEXT NOT NULL,
  vendor_verdict TEXT NOT NULL,
  asset TEXT NOT NULL,
  suppression TEXT NOT NULL,
  enrichment TEXT NOT NULL,
  dismissal TEXT NOT NULL,
  repeat_count @int NOT NULL CHECK (repeat_count >= 1),
  started_at @int NOT NULL,
  ended_at @int NOT NULL,
  created_at @int NOT NULL,
  ingested_at @int NOT NULL,
  last_seen @int NOT NULL,
  payload_hash TEXT NOT NULL,
  -- What the second layer of deduplication compares, '' where it does not.
  content_key TEXT NOT NULL,
  version @int NOT NULL,
  UNIQUE (workspace_id, external_id, source),
  CHECK ((incident_id IS NOT NULL) = (status = 'escalated')),
  CHECK ((linked_to IS NOT NULL) = (status = 'linked')),
  CHECK ((duplicate_of <> '') = (status = 'deduplicated')),
  CHECK ((dismissal <> '') = (status = 'dismissed'))
) @strict;
CREATE INDEX alert_incident ON alert (incident_id, created_at, id);
CREATE INDEX alert_linked ON alert (linked_to, created_at, id) WHERE linked_to IS NOT NULL;
CREATE INDEX alert_detector ON alert (workspace_id, detector_key, created_at);
CREATE INDEX alert_dismissed ON alert (workspace_id, detector_key, created_at, id) WHERE status = 'dismissed';
-- Lists (alert_list.go): all, by state, and by source and state.
CREATE UNIQUE INDEX alert_arrival ON alert (workspace_id, position);
CREATE INDEX alert_state ON alert (workspace_id, status, severity_rank, position);
CREATE INDEX alert_source_state ON alert (workspace_id, source, status, severity_rank, position);
CREATE INDEX alert_content ON alert (workspace_id, content_key, position) WHERE content_key <> '';

-- Raw payloads stand apart, so that no list can drag them along.
CREATE TABLE alert_payload (
  alert_id TEXT PRIMARY KEY REFERENCES alert(id),
  raw @blob NOT NULL
) @strict;

CREATE TABLE incident_payload (
  incident_id TEXT PRIMARY KEY REFERENCES incident(id),
  hash TEXT NOT NULL,
  raw @blob NOT NULL
) @strict;

-- What a source's incident says its alerts are. A reference without an alert
-- is dangling and is kept.
CREATE TABLE alert_reference (
  workspace_id TEXT NOT NULL,
  alert_external_id TEXT NOT NULL,
  incident_id TEXT NOT NULL REFERENCES incident(id),
  position @int NOT NULL,
  PRIMARY KEY (workspace_id, alert_external_id, incident_id)
) @strict;
CREATE INDEX alert_reference_incident ON alert_reference (incident_id, position);

CREATE TABLE entity (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  incident_id TEXT NOT NULL REFERENCES incident(id),
  incident_seq @int NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('account','host','ip','url','domain','file','file_hash','process','mailbox','mail_message','registry_key','registry_value','cloud_resource','application','other')),
  value TEXT NOT NULL,
  value_key TEXT NOT NULL,
  display TEXT NOT NULL,
  properties TEXT NOT NULL,
  names TEXT NOT NULL,
  provenance TEXT NOT NULL CHECK (provenance IN ('sensor_asserted','parsed','agent_added')),
  vendor_verdict TEXT NOT NULL,
  remediated @bool NOT NULL,
  flags TEXT NOT NULL,
  first_seen @int NOT NULL,
  last_seen @int NOT NULL,
  UNIQUE (incident_id, kind, value_key)
) @strict;
CREATE INDEX entity_seen ON entity (workspace_id, kind, value_key, incident_seq);

-- Other identities of an entity (UPN, SID, short name, device id ...), so that
-- "seen before" finds it under any of them.
CREATE TABLE entity_alias (
  workspace_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  alias_key TEXT NOT NULL,
  incident_seq @int NOT NULL,
  entity_id TEXT NOT NULL REFERENCES entity(id),
  PRIMARY KEY (workspace_id, kind, alias_key, incident_seq, entity_id)
) @strict;

CREATE TABLE sighting (
  entity_id TEXT NOT NULL REFERENCES entity(id),
  alert_id TEXT NOT NULL,
  evidence_number @int NOT NULL,
  workspace_id TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  source TEXT NOT NULL,
  field TEXT NOT NULL,
  provenance TEXT NOT NULL CHECK (provenance IN ('sensor_asserted','parsed','agent_added')),
  seen_at @int NOT NULL,
  PRIMARY KEY (entity_id, alert_id, evidence_number, field)
) @strict;

CREATE TABLE evidence (
  incident_id TEXT NOT NULL REFERENCES incident(id),
  number @int NOT NULL CHECK (number >= 1),
  workspace_id TEXT NOT NULL,
  alert_id TEXT NOT NULL,
  source TEXT NOT NULL,
  type TEXT NOT NULL,
  entities TEXT NOT NULL,
  text TEXT NOT NULL,
  fields TEXT NOT NULL,
  provenance TEXT NOT NULL CHECK (provenance IN ('sensor_asserted','parsed','agent_added')),
  flags TEXT NOT NULL,
  at @int NOT NULL,
  PRIMARY KEY (incident_id, number)
) @strict;
CREATE INDEX evidence_time ON evidence (incident_id, at, number);

CREATE TABLE comment (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  incident_id TEXT NOT NULL REFERENCES incident(id),
  body TEXT NOT NULL,
  author_kind TEXT NOT NULL,
  author_id TEXT NOT NULL,
  author_name TEXT NOT NULL,
  author_mail TEXT NOT NULL,
  closing @bool NOT NULL,
  activity @bool NOT NULL,
  mentions TEXT NOT NULL,
  extension_id TEXT NOT NULL,
  ticket_id TEXT NOT NULL,
  -- The gamebook that it is about, and what it is there: it stands on the
  -- approval card as well.
  gamebook_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('','note','question')),
  created_at @int NOT NULL,
  CHECK ((gamebook_id = '') = (kind = ''))
) @strict;
CREATE INDEX comment_incident ON comment (incident_id, created_at, id);
CREATE INDEX comment_gamebook ON comment (gamebook_id, created_at, id) WHERE gamebook_id <> '';

CREATE TABLE agent_settings (
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  severity TEXT NOT NULL CHECK (severity IN ('informational','low','medium','high','critical')),
  settings TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (workspace_id, severity)
) @strict;

CREATE TABLE workspace_limits (
  workspace_id TEXT PRIMARY KEY REFERENCES workspace(id),
  limits TEXT NOT NULL,
  hash TEXT NOT NULL
) @strict;

CREATE TABLE protected_list (
  workspace_id TEXT PRIMARY KEY REFERENCES workspace(id),
  entries TEXT NOT NULL,
  hash TEXT NOT NULL
) @strict;

CREATE TABLE playbook_disabled (
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  playbook_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (workspace_id, playbook_id)
) @strict;

CREATE TABLE gamebook (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  incident_id TEXT NOT NULL REFERENCES incident(id),
  version @int NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('Queued','Running','Completed','CompletedUnverified','PartiallyCompleted','Failed','Halted','Cancelled','Rejected','Expired','RolledBack')),
  needs_approval @bool NOT NULL,
  auto_run @bool NOT NULL,
  queue_reasons TEXT NOT NULL,
  class TEXT NOT NULL CHECK (class IN ('read_only','reversible','externally_reversible','irreversible')),
  impact TEXT NOT NULL CHECK (impact IN ('low','high')),
  need_count @int NOT NULL,
  need_roles TEXT NOT NULL,
  policy_version @int NOT NULL,
  nonce TEXT NOT NULL UNIQUE,
  digest TEXT NOT NULL,
  canonical @blob NOT NULL,
  plan_hash TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  requested_kind TEXT NOT NULL,
  requested_name TEXT NOT NULL,
  requested_owner TEXT NOT NULL,
  run_id TEXT NOT NULL,
  started_by TEXT NOT NULL,
  claimed_trigger TEXT NOT NULL,
  effective_trigger TEXT NOT NULL,
  taint TEXT NOT NULL CHECK (taint IN ('clean','tainted','flagged')),
  rationale TEXT NOT NULL,
  flags TEXT NOT NULL,
  rules TEXT NOT NULL,
  world TEXT NOT NULL,
  facts TEXT NOT NULL,
  requested_at @int NOT NULL,
  approval_expires_at @int NOT NULL,
  execution_window @int NOT NULL,
  execution_expires_at @int NOT NULL,
  approved_at @int NOT NULL,
  started_at @int NOT NULL,
  finished_at @int NOT NULL,
  notices_sent @int NOT NULL,
  deny_reason TEXT NOT NULL,
  original_gamebook TEXT NOT NULL,
  recover @bool NOT NULL,
  fence @int NOT NULL,
  -- The worker that carries it out, and until when nobody else may.
  lease TEXT NOT NULL,
  lease_expires_at @int NOT NULL,
  CHECK ((status IN ('Queued','Running')) = (finished_at = 0))
) @strict;
CREATE INDEX gamebook_incident ON gamebook (incident_id, requested_at, id);
CREATE INDEX gamebook_waiting ON gamebook (workspace_id, needs_approval, status, approval_expires_at, id);
CREATE INDEX gamebook_status ON gamebook (workspace_id, status, requested_at, id);
CREATE INDEX gamebook_requested ON gamebook (workspace_id, requested_at, id);
-- S27: one unfinished gamebook per step set and incident.
CREATE UNIQUE INDEX gamebook_plan ON gamebook (incident_id, plan_hash) WHERE status IN ('Queued','Running');
CREATE INDEX gamebook_open ON gamebook (status, approval_expires_at) WHERE status IN ('Queued','Running');

CREATE TABLE step (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  gamebook_id TEXT NOT NULL REFERENCES gamebook(id),
  position @int NOT NULL,
  ordinal @int NOT NULL,
  sequence @int NOT NULL,
  playbook_id TEXT NOT NULL,
  playbook_version @int NOT NULL,
  playbook_hash TEXT NOT NULL,
  entity_id TEXT NOT NULL,
  entity_kind TEXT NOT NULL,
  entity_name TEXT NOT NULL,
  provenance TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  native_id TEXT NOT NULL,
  parameters TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('Queued','Dispatched','Confirmed','Unconfirmed','Failed','Unknown','NotRun','RolledBack')),
  idempotency_key TEXT NOT NULL UNIQUE,
  dispatched_at @int NOT NULL,
  finished_at @int NOT NULL,
  error TEXT NOT NULL,
  read_back TEXT NOT NULL,
  attempts @int NOT NULL,
  UNIQUE (gamebook_id, position),
  CHECK ((status IN ('Queued','Dispatched')) = (finished_at = 0))
) @strict;
CREATE INDEX step_dispatched ON step (workspace_id, dispatched_at, id);
CREATE INDEX step_target ON step (workspace_id, connector_id, native_id, dispatched_at);

CREATE TABLE approval (
  id TEXT PRIMARY KEY,
  gamebook_id TEXT NOT NULL REFERENCES gamebook(id),
  person_id TEXT NOT NULL REFERENCES person(id),
  person_name TEXT NOT NULL,
  role TEXT NOT NULL,
  digest TEXT NOT NULL,
  approved @bool NOT NULL,
  comment TEXT NOT NULL,
  view_hash TEXT NOT NULL,
  at @int NOT NULL,
  void @bool NOT NULL,
  consumed @bool NOT NULL
) @strict;
CREATE UNIQUE INDEX approval_person ON approval (gamebook_id, person_id, digest) WHERE approved = TRUE AND void = FALSE;

CREATE TABLE target_lock (
  workspace_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  native_id TEXT NOT NULL,
  gamebook_id TEXT NOT NULL REFERENCES gamebook(id),
  taken_at @int NOT NULL,
  PRIMARY KEY (workspace_id, connector_id, native_id)
) @strict;

-- Attempts and auto-run grants, counted for the hard limits (S30, S31).
CREATE TABLE attempt (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('dispatch','grant')),
  playbook_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  gamebook_id TEXT NOT NULL,
  step_id TEXT NOT NULL,
  entity_kind TEXT NOT NULL,
  at @int NOT NULL
) @strict;
CREATE INDEX attempt_playbook ON attempt (workspace_id, playbook_id, at);
CREATE INDEX attempt_incident ON attempt (incident_id, at);
CREATE INDEX attempt_population ON attempt (workspace_id, entity_kind, at);

-- The population breaker's latch (S31): a row while it is open.
CREATE TABLE breaker (
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  population TEXT NOT NULL CHECK (population IN ('account','host')),
  opened_at @int NOT NULL,
  PRIMARY KEY (workspace_id, population)
) @strict;

CREATE TABLE kill_switch (
  scope TEXT NOT NULL CHECK (scope IN ('global','workspace','agent')),
  id TEXT NOT NULL,
  engaged @bool NOT NULL,
  via TEXT NOT NULL,
  by_kind TEXT NOT NULL,
  by_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  at @int NOT NULL,
  release_by TEXT NOT NULL,
  release_role TEXT NOT NULL,
  release_at @int NOT NULL,
  PRIMARY KEY (scope, id)
) @strict;

CREATE TABLE run (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  incident_id TEXT NOT NULL REFERENCES incident(id),
  agent_id TEXT NOT NULL,
  run_trigger TEXT NOT NULL CHECK (run_trigger IN ('ManualInvestigateOnly','OnQueue','ManualInvestigateAndRespond')),
  implicit @bool NOT NULL,
  started_by TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('Queued','Leased','Investigating','Submitting','Done','Held','Failed','Cancelled','BudgetExhausted')),
  taint TEXT NOT NULL CHECK (taint IN ('clean','tainted','flagged')),
  envelope_class TEXT NOT NULL,
  envelope_impact TEXT NOT NULL,
  envelope_entities @int NOT NULL,
  nonce TEXT NOT NULL,
  triage_id TEXT NOT NULL,
  hashes TEXT NOT NULL,
  created_at @int NOT NULL,
  updated_at @int NOT NULL,
  expires_at @int NOT NULL
) @strict;
CREATE UNIQUE INDEX run_implicit ON run (agent_id, incident_id) WHERE implicit = TRUE;
CREATE INDEX run_incident ON run (incident_id, created_at);

-- Taint belongs to (agent identity, incident) and never decreases (S38).
CREATE TABLE taint (
  agent_id TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  taint TEXT NOT NULL CHECK (taint IN ('clean','tainted','flagged')),
  at @int NOT NULL,
  PRIMARY KEY (agent_id, incident_id)
) @strict;

CREATE TABLE ledger (
  seq @serial,
  workspace_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  tool TEXT NOT NULL,
  argument_digest TEXT NOT NULL,
  row_count @int NOT NULL,
  evidence TEXT NOT NULL,
  flagged @bool NOT NULL,
  duration_us @int NOT NULL,
  at @int NOT NULL
) @strict;
CREATE INDEX ledger_run ON ledger (run_id, seq);
CREATE INDEX ledger_elsewhere ON ledger (agent_id, at) WHERE run_id = '';

CREATE TABLE triage (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  incident_id TEXT NOT NULL REFERENCES incident(id),
  state TEXT NOT NULL CHECK (state IN ('Queued','Leased','Investigating','Submitting','Done','Held','Failed','Cancelled','BudgetExhausted')),
  playbook TEXT NOT NULL,
  -- The version it was asked with; a triage keeps its own.
  playbook_version @int NOT NULL,
  engine TEXT NOT NULL,
  forced @bool NOT NULL,
  requester TEXT NOT NULL,
  evidence_version @int NOT NULL,
  severity TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  confidence TEXT NOT NULL,
  category TEXT NOT NULL,
  reasoning TEXT NOT NULL,
  evidence_ids TEXT NOT NULL,
  flags TEXT NOT NULL,
  actions TEXT NOT NULL,
  held @bool NOT NULL,
  hold_reasons TEXT NOT NULL,
  result TEXT NOT NULL,
  error_code TEXT NOT NULL,
  error_message TEXT NOT NULL,
  investigation_id TEXT NOT NULL,
  created_at @int NOT NULL,
  started_at @int NOT NULL,
  finished_at @int NOT NULL,
  fence @int NOT NULL,
  lease_expires_at @int NOT NULL,
  CHECK ((state IN ('Queued','Leased','Investigating','Submitting')) = (finished_at = 0))
) @strict;
CREATE INDEX triage_incident ON triage (incident_id, created_at, id);
CREATE UNIQUE INDEX triage_one ON triage (incident_id) WHERE state IN ('Queued','Leased','Investigating','Submitting');

CREATE TABLE investigation (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  incident_id TEXT NOT NULL REFERENCES incident(id),
  run_id TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_kind TEXT NOT NULL,
  by_name TEXT NOT NULL,
  engine TEXT NOT NULL,
  requested TEXT NOT NULL,
  requested_reason TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  reason_comment TEXT NOT NULL,
  normalised @bool NOT NULL,
  score @int,
  comment TEXT NOT NULL,
  cited TEXT NOT NULL,
  held @bool NOT NULL,
  hold_reasons TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('recorded','held','accepted','rejected','superseded')),
  previous_status TEXT NOT NULL,
  new_status TEXT NOT NULL,
  timeline TEXT NOT NULL,
  citations TEXT NOT NULL,
  tool_calls TEXT NOT NULL,
  gamebooks TEXT NOT NULL,
  sops TEXT NOT NULL,
  at @int NOT NULL,
  fingerprint TEXT NOT NULL,
  -- A proposal to close, whatever the verdict, with what goes with that.
  closes @bool NOT NULL,
  root_cause TEXT NOT NULL,
  duplicate @bool NOT NULL,
  duplicate_of TEXT NOT NULL
) @strict;
CREATE INDEX investigation_incident ON investigation (incident_id, at, id);

CREATE TABLE verdict_event (
  id TEXT PRIMARY KEY,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  incident_id TEXT NOT NULL,
  detector_key TEXT NOT NULL,
  title_key TEXT NOT NULL,
  category TEXT NOT NULL,
  key_version @int NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('TruePositive','BenignPositive','FalsePositive','Undetermined','Suspicious')),
  decided_by TEXT NOT NULL CHECK (decided_by IN ('person','source')),
  decided_at @int NOT NULL,
  recorded_at @int NOT NULL,
  superseded_by TEXT NOT NULL
) @strict;
CREATE INDEX verdict_event_title ON verdict_event (workspace_id, title_key, decided_at) WHERE superseded_by = '';
CREATE INDEX verdict_event_detector ON verdict_event (workspace_id, detector_key, decided_at) WHERE superseded_by = '';
CREATE INDEX verdict_event_time ON verdict_event (workspace_id, decided_at) WHERE superseded_by = '';
CREATE INDEX verdict_event_incident ON verdict_event (incident_id);

-- Kept counts of verdict_event per level and key, so that a million stored
-- verdicts cost what ten do (triage.md, section 2).
CREATE TABLE memory_tally (
  workspace_id TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('workspace+title','workspace+detector','workspace')),
  memory_key TEXT NOT NULL,
  verdict TEXT NOT NULL,
  decided_by TEXT NOT NULL,
  n @int NOT NULL CHECK (n >= 0),
  first_at @int NOT NULL,
  last_at @int NOT NULL,
  PRIMARY KEY (workspace_id, level, memory_key, verdict, decided_by)
) @strict;

-- Procedures in versions. Every change makes one, also of what it is for alone.
CREATE TABLE sop (
  id TEXT NOT NULL,
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  version @int NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('classification','response')),
  enabled @bool NOT NULL,
  hash TEXT NOT NULL,
  size @int NOT NULL CHECK (size >= 1),
  match TEXT NOT NULL,
  by_kind TEXT NOT NULL,
  by_id TEXT NOT NULL,
  by_name TEXT NOT NULL,
  reason TEXT NOT NULL,
  created_at @int NOT NULL,
  PRIMARY KEY (workspace_id, id, version)
) @strict;

-- The texts of procedures, each once, by hash.
CREATE TABLE sop_text (
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  hash TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (workspace_id, hash)
) @strict;

CREATE TABLE idempotency (
  principal TEXT NOT NULL,
  route TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status @int NOT NULL,
  body @blob NOT NULL,
  sealed @bool NOT NULL,
  created_at @int NOT NULL,
  expires_at @int NOT NULL,
  PRIMARY KEY (principal, route, idempotency_key)
) @strict;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

-- Hard refusals per agent, for containment (S63).
CREATE TABLE refusal (
  agent_id TEXT NOT NULL,
  id TEXT NOT NULL,
  code TEXT NOT NULL,
  at @int NOT NULL,
  PRIMARY KEY (agent_id, at, id)
) @strict;

CREATE TABLE audit (
  position @int PRIMARY KEY,
  at @int NOT NULL,
  event TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  incident_id TEXT NOT NULL,
  gamebook_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  code TEXT NOT NULL,
  entry TEXT NOT NULL,
  hash TEXT NOT NULL
) @strict;
CREATE INDEX audit_workspace ON audit (workspace_id, position);
CREATE INDEX audit_incident ON audit (incident_id, position) WHERE incident_id <> '';
CREATE INDEX audit_event ON audit (workspace_id, event, position);

CREATE TABLE audit_head (
  one @int PRIMARY KEY CHECK (one = 1),
  position @int NOT NULL,
  hash TEXT NOT NULL
) @strict;
INSERT INTO audit_head (one, position, hash) VALUES (1, 0, '');

-- Shared settings of the installation, such as the seal check and the state of
-- the demo. Not for policy.
CREATE TABLE installation (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) @strict;
