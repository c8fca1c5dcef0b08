-- row: one project of the organization, as it is now or was last known.
-- engine: duckdb
SELECT
  project_id, project_name, state, created_at, archived_at, description, website, owner_team,
  is_default
FROM stored.projects
