-- row: one owner of the organization (project_id is NULL) or of a project, as the directory has it
-- now; no row where it knows no roles of the organization.
-- engine: duckdb
SELECT user_id, email, CAST(NULL AS VARCHAR) AS project_id
FROM organization_users
WHERE valid_to_at IS NULL AND role = 'owner'
UNION ALL
SELECT m.user_id, u.email, m.project_id
FROM project_members AS m
LEFT JOIN organization_users AS u ON u.user_id = m.user_id AND u.valid_to_at IS NULL
WHERE m.valid_to_at IS NULL AND m.role = 'owner'
