-- +goose Up
-- What a query over the rows of a workspace walks, newest first (query.go).
CREATE INDEX evidence_query ON evidence (workspace_id, at, incident_id, number, type);
CREATE INDEX alert_query ON alert (workspace_id, created_at, id);
