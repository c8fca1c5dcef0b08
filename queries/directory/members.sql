-- row: one person in one project at an instant (NULL: now), one person that is in none, or one
--      invitation; those who have left by then included.
-- takes: $at TIMESTAMP, $project VARCHAR (NULL: all).
-- engine: duckdb
{% from "directory/last_version.sql.j2" import last_version %}
WITH moment AS (
  SELECT coalesce(CAST($at AS TIMESTAMP), TIMESTAMP '9999-12-31') AS asked_at
),

people AS (
  SELECT
    u.user_id, u.name, u.email, u.role, u.valid_from_at,
    CASE WHEN u.valid_to_at <= moment.asked_at THEN u.valid_to_at END AS left_at
  FROM organization_users AS u
  CROSS JOIN moment
  {{ last_version("u", "u.user_id") }}
),

members AS (
  SELECT
    m.project_id, m.user_id, m.role, m.valid_from_at,
    CASE WHEN m.valid_to_at <= moment.asked_at THEN m.valid_to_at END AS left_at
  FROM project_member_history AS m
  CROSS JOIN moment
  {{ last_version("m", "m.project_id, m.user_id") }}
),

names AS (
  SELECT h.project_id, h.project_name
  FROM project_history AS h
  CROSS JOIN moment
  {{ last_version("h", "h.project_id") }}
),

invited AS (
  SELECT
    i.invite_id, i.email, i.role, i.project_ids, i.project_roles, i.valid_from_at,
    CASE WHEN i.valid_to_at <= moment.asked_at THEN i.valid_to_at END AS left_at,
    CASE
      WHEN i.valid_to_at <= moment.asked_at AND i.status = 'pending' THEN 'invite withdrawn'
      WHEN i.status = 'pending' AND i.expires_at <= moment.asked_at AND $at IS NOT NULL THEN 'invite expired'
      ELSE 'invite ' || i.status
    END AS state
  FROM invites AS i
  CROSS JOIN moment
  {{ last_version("i", "i.invite_id") }}
),

invited_into AS (
  SELECT
    email, role, state, valid_from_at, left_at,
    unnest(CASE WHEN len(project_ids) = 0 THEN [NULL] ELSE project_ids END) AS project_id,
    unnest(CASE WHEN len(project_ids) = 0 THEN [NULL] ELSE project_roles END) AS project_role
  FROM invited
),

everybody AS (
  SELECT
    m.user_id, p.name, p.email, p.role AS organization_role, m.project_id,
    m.role AS project_role,
    CASE WHEN coalesce(m.left_at, p.left_at) IS NULL THEN 'active' ELSE 'left' END AS state,
    m.valid_from_at AS so_since_at, least(m.left_at, p.left_at) AS left_at
  FROM members AS m
  LEFT JOIN people AS p ON p.user_id = m.user_id
  UNION ALL
  SELECT
    p.user_id, p.name, p.email, p.role AS organization_role, NULL AS project_id,
    NULL AS project_role, CASE WHEN p.left_at IS NULL THEN 'active' ELSE 'left' END AS state,
    p.valid_from_at AS so_since_at, p.left_at
  FROM people AS p
  WHERE NOT EXISTS (SELECT 1 FROM members AS m WHERE m.user_id = p.user_id)
  UNION ALL
  SELECT
    NULL AS user_id, NULL AS name, i.email, i.role AS organization_role, i.project_id,
    i.project_role, i.state, i.valid_from_at AS so_since_at, i.left_at
  FROM invited_into AS i
)

SELECT
  e.user_id, e.name, e.email, e.organization_role, e.project_id, n.project_name, e.project_role,
  e.state, e.so_since_at, e.left_at
FROM everybody AS e
LEFT JOIN names AS n ON n.project_id = e.project_id
WHERE CAST($project AS VARCHAR) IS NULL OR e.project_id = $project OR n.project_name = $project
ORDER BY
  n.project_name NULLS LAST, e.project_id NULLS LAST, e.state, e.name NULLS LAST, e.email,
  e.user_id
