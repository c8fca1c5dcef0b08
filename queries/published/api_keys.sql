-- row: one API key of a project, as it was last seen; deleted ones too.
-- engine: duckdb
SELECT
  api_key_id, project_id, name, service_account_id, user_id,
  CASE WHEN valid_to_at IS NULL THEN state ELSE 'deleted' END AS state
FROM stored.api_keys
QUALIFY row_number() OVER (
  PARTITION BY api_key_id ORDER BY valid_to_at DESC NULLS FIRST, valid_from_at DESC
) = 1
