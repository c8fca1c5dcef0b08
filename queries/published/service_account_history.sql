-- row: one service account of a project, while it was so.
-- engine: duckdb
SELECT
  service_account_id, project_id, name, role,
  nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at, valid_to_at, source
FROM stored.service_accounts
