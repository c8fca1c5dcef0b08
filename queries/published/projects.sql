-- row: one project of the organization, as it is now or was last known.
-- engine: duckdb
-- view: One project of the organization.
-- column project_id VARCHAR: Id of the project
-- column project_name VARCHAR: Current name of the project; NULL where it is not known
-- column state VARCHAR: active, archived or deleted (no longer listed)
-- column created_at TIMESTAMP: When it was created, UTC; NULL where not known
-- column archived_at TIMESTAMP: When it was archived, UTC; NULL: it was not
-- column description VARCHAR: What it is for; from the files or the configuration
-- column website VARCHAR: Where to read more about it; from the files or the configuration
-- column owner_team VARCHAR: Team that answers for it; from the files or the configuration
-- column is_default BOOLEAN: Whether it is the Default project that every organization has
SELECT
  project_id, project_name, state, created_at, archived_at, description, website, owner_team,
  is_default
FROM stored.projects
