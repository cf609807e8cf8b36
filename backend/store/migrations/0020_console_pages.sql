-- What the overview counts in a window, answered from the index alone.
CREATE INDEX investigation_time ON investigation (workspace_id, at, by_kind, verdict, state);
-- Triages that have not ended, for how many wait and since when.
CREATE INDEX triage_open ON triage (workspace_id, created_at) WHERE finished_at = 0;
