-- row: the mail address of one owner of one project, or of the organization (project_id is NULL).
-- engine: duckdb
SELECT members.project_id, users.email
FROM project_members AS members
INNER JOIN organization_users AS users ON users.user_id = members.user_id
WHERE
  members.role = 'owner'
  AND members.valid_to_at IS NULL
  AND users.valid_to_at IS NULL
  AND users.email IS NOT NULL
UNION
SELECT NULL AS project_id, email
FROM organization_users
WHERE role = 'owner' AND valid_to_at IS NULL AND email IS NOT NULL
ORDER BY project_id NULLS FIRST, email
