-- row: one API key of a project, while it was so; never the key itself.
-- engine: duckdb
SELECT
  api_key_id, project_id, name, service_account_id, user_id, state, created_at, expires_at,
  nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at, valid_to_at, source
FROM stored.api_keys
