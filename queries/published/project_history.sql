-- row: one project, while it was so.
-- engine: duckdb
-- view: One project, while it was so: its name and state of then.
-- column project_id VARCHAR: Id of the project
-- column project_name VARCHAR: Name of the project then; NULL where it is not known
-- column state VARCHAR: active or archived
-- column created_at TIMESTAMP: When it was created, UTC; NULL where not known
-- column archived_at TIMESTAMP: When it was archived, UTC; NULL: it was not
-- column description VARCHAR: What it is for; from the files or the configuration
-- column website VARCHAR: Where to read more about it; from the files or the configuration
-- column owner_team VARCHAR: Team that answers for it; from the files or the configuration
-- column valid_from_at TIMESTAMP: Since when it was so, UTC; NULL: from the beginning
-- column valid_to_at TIMESTAMP: Until when it was so (exclusive), UTC; NULL: it is so now
-- column source VARCHAR: The source, as the configuration names it; (file): a file of the
--   directory
SELECT
  project_id, project_name, state, created_at, archived_at, description, website, owner_team,
  nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at, valid_to_at, source
FROM stored.project_history
