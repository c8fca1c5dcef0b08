-- row: one invitation into the organization, while it was so.
-- engine: duckdb
SELECT
  invite_id, email, role, status, created_at, expires_at, accepted_at, project_ids,
  project_roles, nullif(valid_from_at, TIMESTAMP '1970-01-01') AS valid_from_at, valid_to_at,
  source
FROM stored.invites
