-- +goose Up
-- Who people are at an OpenID Connect provider. A subject is one person for
-- good; a person is one subject at each issuer.
CREATE TABLE person_identity (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  person_id TEXT NOT NULL REFERENCES person(id),
  created_at @int NOT NULL,
  PRIMARY KEY (issuer, subject),
  UNIQUE (person_id, issuer)
) @strict;
