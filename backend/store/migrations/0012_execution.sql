-- +goose Up
-- Releases that a dispatched step owes (S25): written with the step's intent,
-- so that no crash forgets them. asked has a gamebook that carries it out.
CREATE TABLE revert (
  step_id TEXT PRIMARY KEY REFERENCES step(id),
  workspace_id TEXT NOT NULL REFERENCES workspace(id),
  gamebook_id TEXT NOT NULL REFERENCES gamebook(id),
  -- Of the gamebook as it was decided; a release for another one is none.
  digest TEXT NOT NULL,
  due_at @int NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting','asked','done','needless','failed')),
  release_id TEXT NOT NULL,
  CHECK (release_id <> '' OR state NOT IN ('asked','done'))
) @strict;
CREATE INDEX revert_due ON revert (due_at, step_id) WHERE state IN ('waiting', 'asked');
CREATE INDEX revert_gamebook ON revert (gamebook_id);
CREATE UNIQUE INDEX revert_release ON revert (release_id) WHERE release_id <> '';
