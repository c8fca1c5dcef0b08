-- row: one invitation into the organization, while it was so.
-- engine: duckdb
-- view: One invitation into the organization, while it was so.
-- column invite_id VARCHAR: Id of the invite
-- column email VARCHAR: Who was invited
-- column role VARCHAR: Role in the organization that it gives, owner or reader
-- column status VARCHAR: pending, accepted or expired
-- column created_at TIMESTAMP: When it was sent, UTC
-- column expires_at TIMESTAMP: When it expires, UTC
-- column accepted_at TIMESTAMP: When it was accepted, UTC; NULL: it was not
-- column project_ids VARCHAR[]: Projects that it leads into
-- column project_roles VARCHAR[]: Role in each of these projects, in the same order
-- column valid_from_at TIMESTAMP: Since when it was so, UTC; NULL: from the beginning
-- column valid_to_at TIMESTAMP: Until when it was so (exclusive), UTC; NULL: it is so now
-- column source VARCHAR: The source, as the configuration names it; (file): a file of the
--   directory
SELECT
  invite_id, email, role, status, created_at, expires_at, accepted_at, project_ids,
  project_roles, nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at, valid_to_at,
  source
FROM stored.invites
