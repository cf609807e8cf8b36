-- +goose Up
-- What people set about a source, and what it sent in all: a list of sources
-- adds up no hours.
ALTER TABLE data_source ADD COLUMN display_name TEXT NOT NULL DEFAULT '';
ALTER TABLE data_source ADD COLUMN dedup_hours @int NOT NULL DEFAULT 24 CHECK (dedup_hours BETWEEN 0 AND 168);
ALTER TABLE data_source ADD COLUMN silent_minutes @int NOT NULL DEFAULT 0 CHECK (silent_minutes BETWEEN 0 AND 10080);
ALTER TABLE data_source ADD COLUMN received @int NOT NULL DEFAULT 0 CHECK (received >= 0);
ALTER TABLE data_source ADD COLUMN rejected @int NOT NULL DEFAULT 0 CHECK (rejected >= 0);
ALTER TABLE data_source ADD COLUMN version @int NOT NULL DEFAULT 1;
