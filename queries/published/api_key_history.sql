-- row: one API key of a project, while it was so; never the key itself.
-- engine: duckdb
-- view: One API key of a project, while it was so; never the key itself.
-- column api_key_id VARCHAR: Id of the key
-- column project_id VARCHAR: Id of the project
-- column name VARCHAR: Name of the key
-- column service_account_id VARCHAR: Service account that owns it; NULL: a user does
-- column user_id VARCHAR: User who owns it; NULL: a service account does
-- column state VARCHAR: active or inactive: whether its owner has access to the project
-- column created_at TIMESTAMP: When it was created, UTC; NULL where not known
-- column expires_at TIMESTAMP: When it expires, UTC; NULL: it does not
-- column valid_from_at TIMESTAMP: Since when it was so, UTC; NULL: from the beginning
-- column valid_to_at TIMESTAMP: Until when it was so (exclusive), UTC; NULL: it is so now
-- column source VARCHAR: The source, as the configuration names it; (file): a file of the
--   directory
SELECT
  api_key_id, project_id, name, service_account_id, user_id, state, created_at, expires_at,
  nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at, valid_to_at, source
FROM stored.api_keys
