-- row: one project as it is now, or as it was last known. One is the Default project, which every
--      organization has: nothing in the API marks it, but its name, and that it is the oldest.
CREATE VIEW projects AS
WITH newest AS (
  SELECT
    project_id, project_name, state, created_at, archived_at, description, website, owner_team,
    valid_to_at
  FROM project_history
  QUALIFY row_number() OVER (
    PARTITION BY project_id ORDER BY valid_to_at DESC NULLS FIRST, valid_from_at DESC
  ) = 1
)

SELECT
  project_id, project_name,
  CASE WHEN valid_to_at IS NULL THEN state ELSE 'deleted' END AS state,
  created_at, archived_at, description, website, owner_team,
  coalesce(
    project_name = 'Default project'
    AND row_number() OVER (
      PARTITION BY project_name ORDER BY valid_to_at DESC NULLS FIRST, created_at NULLS LAST,
      project_id
    ) = 1,
    false
  ) AS is_default
FROM newest
