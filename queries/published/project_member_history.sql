-- row: one role of a person in a project, while it was so.
-- engine: duckdb
-- view: One role of a person in a project, while it was so.
-- column project_id VARCHAR: Id of the project
-- column user_id VARCHAR: Id of the user
-- column role VARCHAR: owner or member
-- column valid_from_at TIMESTAMP: Since when it was so, UTC; NULL: from the beginning
-- column valid_to_at TIMESTAMP: Until when it was so (exclusive), UTC; NULL: it is so now
-- column source VARCHAR: The source, as the configuration names it; (file): a file of the
--   directory
SELECT
  project_id, user_id, role, nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at,
  valid_to_at, source
FROM stored.project_members
