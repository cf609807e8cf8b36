-- +goose Up
-- One row per word and incident, in the order of the answers, so that a search
-- stops at its first page: a GIN index would collect and sort every match.
CREATE TABLE incident_word (
  term BIGINT NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (term, position)
);
-- The same for alerts, by their place in the order of arrival.
CREATE TABLE alert_word (
  term BIGINT NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (term, position)
);
