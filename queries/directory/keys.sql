-- row: one API key as it was at an instant (NULL: now), those deleted by then included; never the
--      key itself.
-- takes: $at TIMESTAMP, $project VARCHAR (NULL: all).
-- engine: duckdb
{% from "directory/last_version.sql.j2" import last_version %}
WITH moment AS (
  SELECT coalesce(CAST($at AS TIMESTAMP), TIMESTAMP '9999-12-31') AS asked_at
),

keys AS (
  SELECT
    k.api_key_id, k.project_id, k.name, k.service_account_id, k.user_id, k.state, k.created_at,
    k.expires_at,
    CASE WHEN k.valid_to_at <= moment.asked_at THEN k.valid_to_at END AS deleted_at
  FROM api_key_history AS k
  CROSS JOIN moment
  {{ last_version("k", "k.api_key_id") }}
),

names AS (
  SELECT h.project_id, h.project_name
  FROM project_history AS h
  CROSS JOIN moment
  {{ last_version("h", "h.project_id") }}
),

accounts AS (
  SELECT service_account_id, name
  FROM service_account_history
  QUALIFY row_number() OVER (
    PARTITION BY service_account_id
    ORDER BY valid_to_at DESC NULLS FIRST, valid_from_at DESC NULLS LAST
  ) = 1
),

people AS (
  SELECT user_id, coalesce(name, email) AS name
  FROM organization_users
  QUALIFY row_number() OVER (
    PARTITION BY user_id ORDER BY valid_to_at DESC NULLS FIRST, valid_from_at DESC NULLS LAST
  ) = 1
)

SELECT
  k.api_key_id, k.name, k.project_id, n.project_name,
  CASE
    WHEN k.service_account_id IS NOT NULL THEN 'service account'
    WHEN k.user_id IS NOT NULL THEN 'user'
  END AS owner_kind,
  coalesce(k.service_account_id, k.user_id) AS owner_id,
  coalesce(a.name, p.name) AS owner_name,
  CASE WHEN k.deleted_at IS NULL THEN k.state ELSE 'deleted' END AS state,
  k.created_at, k.expires_at, k.deleted_at
FROM keys AS k
LEFT JOIN names AS n ON n.project_id = k.project_id
LEFT JOIN accounts AS a ON a.service_account_id = k.service_account_id
LEFT JOIN people AS p ON p.user_id = k.user_id
WHERE CAST($project AS VARCHAR) IS NULL OR k.project_id = $project OR n.project_name = $project
ORDER BY n.project_name NULLS LAST, k.project_id, k.name NULLS LAST, k.api_key_id
