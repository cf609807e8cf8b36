-- +goose Up
-- What became of one gamebook, in order, for its approval card.
CREATE INDEX audit_gamebook ON audit (gamebook_id, position) WHERE gamebook_id <> '';

-- The workspaces of an organization that give their counts of verdicts and take
-- those of others, as their limits say (S46).
CREATE TABLE memory_pool (
  workspace_id TEXT PRIMARY KEY REFERENCES workspace(id),
  organization_id TEXT NOT NULL REFERENCES organization(id)
) @strict;
CREATE INDEX memory_pool_organization ON memory_pool (organization_id, workspace_id);

-- Kept counts of verdict_event by category, which only pooled memory asks for.
CREATE TABLE memory_category (
  workspace_id TEXT NOT NULL,
  category TEXT NOT NULL,
  verdict TEXT NOT NULL,
  n @int NOT NULL CHECK (n >= 0),
  PRIMARY KEY (workspace_id, category, verdict)
) @strict;
