-- row: one project, while it was so.
-- engine: duckdb
SELECT
  project_id, project_name, state, created_at, archived_at, description, website, owner_team,
  nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at, valid_to_at, source
FROM stored.project_history
