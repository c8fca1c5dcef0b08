-- row: which models a project could use, while it was so.
-- engine: duckdb
SELECT
  project_id, mode, model_ids, nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at,
  valid_to_at, source
FROM stored.model_permissions
