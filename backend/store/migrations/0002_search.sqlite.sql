-- +goose Up
-- Words are cut and folded by the store, the same for both engines; ascii takes
-- them as they are. The row id is the position of search.go.
CREATE VIRTUAL TABLE incident_search USING fts5(words, tokenize = "ascii", content = '', contentless_delete = 1);
-- The same for alerts; the row id is their place in the order of arrival.
CREATE VIRTUAL TABLE alert_search USING fts5(words, tokenize = "ascii", content = '', contentless_delete = 1);
