-- row: one user in one project, as of now.
-- engine: duckdb
-- view: One user in one project.
-- column project_id VARCHAR: Id of the project
-- column user_id VARCHAR: Id of the user
-- column role VARCHAR: owner or member
SELECT
  project_id, user_id, role
FROM stored.project_members
WHERE valid_to_at IS NULL
