-- row: one person of the organization, while it was so.
-- engine: duckdb
SELECT
  user_id, name, email, role, nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at,
  valid_to_at, source
FROM stored.organization_users
