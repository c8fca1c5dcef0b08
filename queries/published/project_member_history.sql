-- row: one role of a person in a project, while it was so.
-- engine: duckdb
SELECT
  project_id, user_id, role, nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at,
  valid_to_at, source
FROM stored.project_members
