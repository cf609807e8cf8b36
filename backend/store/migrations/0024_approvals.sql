-- +goose Up
-- What became of one gamebook, in order, for its approval card.
CREATE INDEX audit_gamebook ON audit (gamebook_id, position) WHERE gamebook_id <> '';
