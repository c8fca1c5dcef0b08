-- row: one service account as it was at an instant (NULL: now), those deleted by then included.
-- takes: $at TIMESTAMP, $project VARCHAR (NULL: all).
-- engine: duckdb
{% from "directory/last_version.sql.j2" import last_version %}
WITH moment AS (
  SELECT coalesce(CAST($at AS TIMESTAMP), TIMESTAMP '9999-12-31') AS asked_at
),

accounts AS (
  SELECT
    s.service_account_id, s.project_id, s.name, s.role, s.valid_from_at,
    CASE WHEN s.valid_to_at <= moment.asked_at THEN s.valid_to_at END AS deleted_at
  FROM service_account_history AS s
  CROSS JOIN moment
  {{ last_version("s", "s.service_account_id") }}
),

names AS (
  SELECT h.project_id, h.project_name
  FROM project_history AS h
  CROSS JOIN moment
  {{ last_version("h", "h.project_id") }}
)

SELECT
  a.service_account_id, a.name, a.project_id, n.project_name, a.role,
  CASE WHEN a.deleted_at IS NULL THEN 'active' ELSE 'deleted' END AS state,
  a.valid_from_at AS so_since_at, a.deleted_at
FROM accounts AS a
LEFT JOIN names AS n ON n.project_id = a.project_id
WHERE CAST($project AS VARCHAR) IS NULL OR a.project_id = $project OR n.project_name = $project
ORDER BY n.project_name NULLS LAST, a.project_id, a.name NULLS LAST, a.service_account_id
