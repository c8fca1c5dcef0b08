-- row: whether the directory says anything that use can be held against.
-- engine: duckdb
SELECT
  EXISTS (SELECT 1 FROM projects WHERE archived_at IS NOT NULL OR created_at IS NOT NULL)
  OR EXISTS (SELECT 1 FROM api_keys)
  OR EXISTS (SELECT 1 FROM project_members)
  OR EXISTS (SELECT 1 FROM organization_users)
  OR EXISTS (SELECT 1 FROM model_permissions) AS is_told
