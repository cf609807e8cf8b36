-- +goose Up
-- What a query over the rows of a workspace walks, newest first (query.go).
CREATE INDEX evidence_query ON evidence (workspace_id, at, incident_id, number, type);
CREATE INDEX alert_query ON alert (workspace_id, created_at, id);

-- The functions of query_function.go, which SQLite gets in Go. Each gives for
-- the same arguments what its twin there gives.

CREATE FUNCTION kql_mod(a BIGINT, b BIGINT) RETURNS BIGINT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN b = 0 THEN NULL WHEN a % b >= 0 THEN a % b WHEN b < 0 THEN a % b - b ELSE a % b + b END
$$;

CREATE FUNCTION kql_bin(x BIGINT, step BIGINT, begins BIGINT) RETURNS BIGINT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT x - kql_mod(x - begins, step)
$$;

CREATE FUNCTION kql_ends(a TEXT, b TEXT) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT length(a) >= length(b) AND right(a, length(b)) = b
$$;

CREATE FUNCTION kql_cut(x DOUBLE PRECISION) RETURNS BIGINT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN abs(x) < 9.2e18 THEN trunc(x)::BIGINT END
$$;

CREATE FUNCTION kql_long(x TEXT) RETURNS BIGINT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN x COLLATE "C" ~ '^[+-]?[0-9]{1,18}$' THEN x::BIGINT END
$$;

CREATE FUNCTION kql_real(x TEXT) RETURNS DOUBLE PRECISION LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN x COLLATE "C" ~ '^[+-]?[0-9]{1,15}([.][0-9]{1,15})?([eE][+-]?[0-9]{1,2})?$' THEN x::DOUBLE PRECISION END
$$;

CREATE FUNCTION kql_real_text(x DOUBLE PRECISION) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT x::TEXT
$$;

CREATE FUNCTION kql_time_text(x BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT to_char(TIMESTAMP 'epoch' + x * INTERVAL '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '0Z'
$$;

-- JSON without the white space between its words.
CREATE FUNCTION kql_tight(x TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT NULLIF(regexp_replace(x, '("(?:[^"\\]|\\.)*")|[ \t\n\r]+', '\1', 'g'), 'null')
$$;

-- Text that is not JSON is null. Only the cast itself may fail.
CREATE FUNCTION kql_json(x TEXT) RETURNS TEXT LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  RETURN kql_tight((x::JSON)::TEXT);
EXCEPTION WHEN data_exception OR statement_too_complex THEN
  RETURN NULL;
END
$$;

CREATE FUNCTION kql_member(x TEXT, member TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN x LIKE '{%' THEN NULLIF((x::JSON -> member)::TEXT, 'null') END
$$;

CREATE FUNCTION kql_element(x TEXT, n BIGINT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN x LIKE '[%' AND n BETWEEN 0 AND 2147483647 THEN NULLIF((x::JSON -> n::INTEGER)::TEXT, 'null') END
$$;

CREATE FUNCTION kql_unquote(x TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN x LIKE '"%' AND x COLLATE "C" !~* '\\u(0000|d[89a-f][0-9a-f]{2})' THEN x::JSON #>> '{}' ELSE x END
$$;

-- The stored fields of an evidence row as one object; values of one name are
-- put together in their order.
CREATE FUNCTION kql_bag(x TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT '{' || COALESCE(string_agg(to_json(name)::TEXT || ':' || to_json(value)::TEXT, ',' ORDER BY position), '') || '}'
  FROM (SELECT f.field ->> 'name' AS name, string_agg(f.field ->> 'value', '; ' ORDER BY f.position) AS value, min(f.position) AS position
        FROM json_array_elements(x::JSON) WITH ORDINALITY AS f (field, position) GROUP BY 1) AS named
$$;

-- The values of the field that begins with mark; see fieldMark.
CREATE FUNCTION kql_field(x TEXT, mark TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN strpos(x, mark) = 0 THEN '' ELSE
    (SELECT COALESCE(string_agg(f.field ->> 'value', '; ' ORDER BY f.position), '')
     FROM json_array_elements(x::JSON) WITH ORDINALITY AS f (field, position) WHERE f.field ->> 'name' = (mark || '"}')::JSON ->> 'name') END
$$;
