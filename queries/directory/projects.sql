-- row: one project as it was at an instant (NULL: now), those archived or gone by then included,
--      and the Default project, which is always there, also where no source lists it.
-- takes: $at TIMESTAMP, $today DATE (the organization's), $project VARCHAR (NULL: all).
-- engine: duckdb
{% from "directory/last_version.sql.j2" import last_version %}
WITH moment AS (
  SELECT
    coalesce(CAST($at AS TIMESTAMP), TIMESTAMP '9999-12-31') AS asked_at,
    CAST($today AS DATE) AS today
),

known AS (
  SELECT
    h.project_id, h.project_name,
    CASE WHEN h.valid_to_at <= moment.asked_at THEN 'deleted' ELSE h.state END AS state,
    h.created_at, h.archived_at, h.description, h.website, h.owner_team,
    h.valid_from_at, h.valid_to_at
  FROM project_history AS h
  CROSS JOIN moment
  {{ last_version("h", "h.project_id") }}
),

marked AS (
  SELECT
    k.project_id, k.project_name, coalesce(p.is_default, false) AS is_default, k.state,
    k.created_at, k.archived_at, k.description, k.website, k.owner_team,
    k.valid_from_at AS so_since_at,
    CASE WHEN k.state = 'deleted' THEN k.valid_to_at END AS gone_at
  FROM known AS k
  LEFT JOIN projects AS p ON p.project_id = k.project_id
),

everything AS (
  SELECT
    project_id, project_name, is_default, state, created_at, archived_at, description, website,
    owner_team, so_since_at, gone_at
  FROM marked
  UNION ALL
  SELECT
    NULL AS project_id, 'Default project' AS project_name, true AS is_default, 'active' AS state,
    NULL AS created_at, NULL AS archived_at, NULL AS description, NULL AS website,
    NULL AS owner_team, NULL AS so_since_at, NULL AS gone_at
  WHERE NOT EXISTS (SELECT 1 FROM marked WHERE is_default)
)

SELECT
  e.project_id, e.project_name, e.is_default, e.state, e.created_at, e.archived_at,
  e.description, e.website, e.owner_team,
  c.cost_center, c.team, e.so_since_at, e.gone_at
FROM everything AS e
CROSS JOIN moment
LEFT JOIN cost_centers AS c
  ON c.project_id = e.project_id
  AND (c.valid_from_date IS NULL OR c.valid_from_date <= moment.today)
  AND (c.valid_to_date IS NULL OR c.valid_to_date > moment.today)
WHERE CAST($project AS VARCHAR) IS NULL OR e.project_id = $project OR e.project_name = $project
ORDER BY NOT e.is_default, e.state, e.project_name NULLS LAST, e.project_id
