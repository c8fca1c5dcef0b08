-- row: one service account of a project, as it was last seen.
-- engine: duckdb
-- view: One service account of a project.
-- column service_account_id VARCHAR: Id of the service account
-- column project_id VARCHAR: Id of the project
-- column name VARCHAR: Name of the service account
SELECT
  service_account_id, project_id, name
FROM stored.service_accounts
QUALIFY row_number() OVER (
  PARTITION BY service_account_id ORDER BY valid_to_at DESC NULLS FIRST, valid_from_at DESC
) = 1
