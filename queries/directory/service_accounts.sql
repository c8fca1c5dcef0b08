-- row: one service account as it was at an instant (NULL: now), those deleted by then included.
-- takes: $at TIMESTAMP, $project VARCHAR (NULL: all).
-- engine: duckdb
WITH moment AS (
  SELECT coalesce(CAST($at AS TIMESTAMP), TIMESTAMP '9999-12-31') AS asked_at
),

accounts AS (
  SELECT
    s.service_account_id, s.project_id, s.name, s.role, s.valid_from_at,
    CASE WHEN s.valid_to_at <= moment.asked_at THEN s.valid_to_at END AS deleted_at
  FROM service_account_history AS s
  CROSS JOIN moment
  WHERE s.valid_from_at IS NULL OR s.valid_from_at <= moment.asked_at
  QUALIFY row_number() OVER (
    PARTITION BY s.service_account_id
    ORDER BY least(s.valid_to_at, moment.asked_at) DESC NULLS FIRST, s.valid_from_at DESC NULLS LAST
  ) = 1
),

names AS (
  SELECT h.project_id, h.project_name
  FROM project_history AS h
  CROSS JOIN moment
  WHERE h.valid_from_at IS NULL OR h.valid_from_at <= moment.asked_at
  QUALIFY row_number() OVER (
    PARTITION BY h.project_id
    ORDER BY least(h.valid_to_at, moment.asked_at) DESC NULLS FIRST, h.valid_from_at DESC NULLS LAST
  ) = 1
)

SELECT
  a.service_account_id, a.name, a.project_id, n.project_name, a.role,
  CASE WHEN a.deleted_at IS NULL THEN 'active' ELSE 'deleted' END AS state,
  a.valid_from_at AS so_since_at, a.deleted_at
FROM accounts AS a
LEFT JOIN names AS n ON n.project_id = a.project_id
WHERE CAST($project AS VARCHAR) IS NULL OR a.project_id = $project OR n.project_name = $project
ORDER BY n.project_name NULLS LAST, a.project_id, a.name NULLS LAST, a.service_account_id
