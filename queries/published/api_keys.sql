-- row: one API key of a project, as it was last seen; deleted ones too.
-- engine: duckdb
-- view: One API key of a project, deleted ones included; never the key itself.
-- column api_key_id VARCHAR: Id of the key
-- column project_id VARCHAR: Id of the project
-- column name VARCHAR: Name of the key
-- column service_account_id VARCHAR: Service account that owns it; NULL: a user does
-- column user_id VARCHAR: User who owns it; NULL: a service account does
-- column state VARCHAR: active, inactive or deleted
SELECT
  api_key_id, project_id, name, service_account_id, user_id,
  CASE WHEN valid_to_at IS NULL THEN state ELSE 'deleted' END AS state
FROM stored.api_keys
QUALIFY row_number() OVER (
  PARTITION BY api_key_id ORDER BY valid_to_at DESC NULLS FIRST, valid_from_at DESC
) = 1
