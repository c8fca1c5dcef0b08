-- row: one person of the organization, while it was so.
-- engine: duckdb
-- view: One person of the organization, while it was so.
-- column user_id VARCHAR: Id of the user
-- column name VARCHAR: Name of the person
-- column email VARCHAR: E-mail address of the person
-- column role VARCHAR: Role in the organization, owner or reader; NULL where not known
-- column valid_from_at TIMESTAMP: Since when it was so, UTC; NULL: from the beginning
-- column valid_to_at TIMESTAMP: Until when it was so (exclusive), UTC; NULL: it is so now
-- column source VARCHAR: The source, as the configuration names it; (file): a file of the
--   directory
SELECT
  user_id, name, email, role, nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at,
  valid_to_at, source
FROM stored.organization_users
