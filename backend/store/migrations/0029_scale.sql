-- +goose Up
-- The approvals of a gamebook are read with it, also those that are void.
CREATE INDEX approval_gamebook ON approval (gamebook_id, at);
