-- row: one service account of a project, while it was so.
-- engine: duckdb
-- view: One service account of a project, while it was so.
-- column service_account_id VARCHAR: Id of the service account
-- column project_id VARCHAR: Id of the project
-- column name VARCHAR: Name of the service account
-- column role VARCHAR: owner, member or none
-- column valid_from_at TIMESTAMP: Since when it was so, UTC; NULL: from the beginning
-- column valid_to_at TIMESTAMP: Until when it was so (exclusive), UTC; NULL: it is so now
-- column source VARCHAR: The source, as the configuration names it; (file): a file of the
--   directory
SELECT
  service_account_id, project_id, name, role,
  nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at, valid_to_at, source
FROM stored.service_accounts
