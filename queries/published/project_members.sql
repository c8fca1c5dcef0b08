-- row: one user in one project, as of now.
-- engine: duckdb
SELECT
  project_id, user_id, role
FROM stored.project_members
WHERE valid_to_at IS NULL
