-- row: one month (the organization's), kind, project and subject of use that the directory does not
-- allow. Whole UTC days: what ended on a day is a finding from the next day on, and permissions
-- count on the days that they cover whole. Where the directory says nothing, nothing is found.
-- ties: cost_usd is that of charges of these days with this project and subject.
-- engine: duckdb
-- view: One month, kind, project and subject of use that the directory does not allow; a charge may
--   be in findings of several kinds.
-- column period_start_date DATE: First day of the organization's month
-- column kind VARCHAR: archived_project, deleted_key, former_member, model_not_permitted,
--   unknown_key, unknown_person or unknown_project
-- column project_id VARCHAR: Id of the project that was used
-- column project_name VARCHAR: Name of the project; NULL: not known
-- column subject_id VARCHAR: The project, model, API key or user, as the kind says
-- column since_at TIMESTAMP: Since when it was not allowed, UTC; NULL: it was never known
-- column first_usage_date DATE: First UTC day with such use in the month
-- column last_usage_date DATE: Last UTC day with such use in the month
-- column days BIGINT: UTC days with such use in the month
-- column cost_usd DECIMAL(38,24): Cost of it, USD; NULL, not 0, where nothing of it is priced
-- column unpriced_quantity DECIMAL(38,6): Quantity of it without a price, in mixed units
-- column is_lower_bound BOOLEAN: Some of it has no price, so it cost more
-- without any of these nothing is found, and no charge need be read
WITH directory AS (
  SELECT project_id FROM {{ stored }}projects WHERE archived_at IS NOT NULL OR created_at IS NOT NULL
  UNION ALL
  SELECT project_id FROM {{ stored }}api_keys
  UNION ALL
  SELECT project_id FROM {{ stored }}project_members
  UNION ALL
  SELECT user_id AS project_id FROM {{ stored }}organization_users
  UNION ALL
  SELECT project_id FROM {{ stored }}model_permissions
),

used AS (
  SELECT
    usage_date, charge_date, project_id, api_key_id, user_id,
    CASE WHEN scope = 'models' AND model <> operation THEN model END AS model,
    sum(cost_usd) AS cost_usd,  -- NULL, not 0, where nothing is priced
    coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced'), 0) AS unpriced_quantity,
    count(*) FILTER (WHERE pricing_status = 'unpriced') AS unpriced_lines
  FROM {{ charge_files }}
  WHERE
    project_id IS NOT NULL AND (quantity > 0 OR cost_usd > 0)
    AND EXISTS (SELECT 1 FROM directory)
  GROUP BY
    usage_date, charge_date, project_id, api_key_id, user_id,
    CASE WHEN scope = 'models' AND model <> operation THEN model END
),

archived AS (
  SELECT project_id, archived_at
  FROM {{ stored }}projects
  WHERE archived_at IS NOT NULL
),

of_archived AS (
  SELECT DISTINCT u.usage_date, u.project_id, a.archived_at
  FROM used AS u
  INNER JOIN archived AS a
    ON a.project_id = u.project_id AND CAST(u.usage_date AS TIMESTAMP) >= a.archived_at
),

-- of a project that was still in use by its people; what it holds ended with it
live_use AS (
  SELECT
    u.usage_date, u.charge_date, u.project_id, u.api_key_id, u.user_id, u.model, u.cost_usd,
    u.unpriced_quantity, u.unpriced_lines
  FROM used AS u
  LEFT JOIN of_archived AS a ON a.project_id = u.project_id AND a.usage_date = u.usage_date
  WHERE a.project_id IS NULL
),

-- A permission covers its id, dated snapshots of it, the same id spelled with the other of . and -,
-- and models fine-tuned from it (which are forbidden by their own id only). Never by a prefix.
models_used AS (
  SELECT DISTINCT
    project_id, usage_date, model,
    regexp_replace(
      model, '-(\d{4}-\d{2}-\d{2}|(0[1-9]|1[0-2])([0-2]\d|3[01]))$', ''
    ) AS undated,
    CASE WHEN model LIKE 'ft:%' THEN nullif(split_part(model, ':', 2), '') END AS base
  FROM live_use
  WHERE model IS NOT NULL
),

permissions AS (
  SELECT project_id, mode, model_ids, valid_from_at, valid_to_at
  FROM {{ stored }}model_permissions
),

listed AS (
  SELECT project_id, valid_from_at, unnest(model_ids) AS model_id
  FROM permissions
),

permitted_names AS (
  SELECT
    m.project_id, m.usage_date, m.model, p.mode, p.valid_from_at,
    bool_or(
      i.model_id IN (m.model, m.undated)
      OR replace(i.model_id, '.', '-') IN (replace(m.model, '.', '-'), replace(m.undated, '.', '-'))
    ) AS is_named,
    bool_or(
      i.model_id = 'ft:' || m.base
      OR replace(i.model_id, '.', '-') IN (
        replace(m.base, '.', '-'),
        replace(regexp_replace(
          m.base, '-(\d{4}-\d{2}-\d{2}|(0[1-9]|1[0-2])([0-2]\d|3[01]))$', ''
        ), '.', '-')
      )
    ) AS is_base_named
  FROM models_used AS m
  INNER JOIN permissions AS p
    ON p.project_id = m.project_id
    AND p.valid_from_at <= m.usage_date
    AND (p.valid_to_at IS NULL OR p.valid_to_at >= m.usage_date + INTERVAL 1 DAY)
  LEFT JOIN listed AS i ON i.project_id = p.project_id AND i.valid_from_at = p.valid_from_at
  GROUP BY m.project_id, m.usage_date, m.model, p.mode, p.valid_from_at
),

forbidden AS (
  SELECT project_id, usage_date, model, min(valid_from_at) AS since_at
  FROM permitted_names
  WHERE
    (mode = 'allow_list' AND NOT coalesce(is_named, false) AND NOT coalesce(is_base_named, false))
    OR (mode = 'deny_list' AND coalesce(is_named, false))
  GROUP BY project_id, usage_date, model
),

keys AS (
  SELECT
    api_key_id,
    max(CASE
      WHEN state = 'deleted' THEN valid_from_at
      ELSE coalesce(valid_to_at, TIMESTAMP '9999-12-31')
    END) AS ended_at
  FROM {{ stored }}api_keys
  GROUP BY api_key_id
),

projects_with_keys AS (
  SELECT DISTINCT project_id
  FROM {{ stored }}api_keys
),

members AS (
  SELECT
    project_id, user_id, max(coalesce(valid_to_at, TIMESTAMP '9999-12-31')) AS ended_at
  FROM {{ stored }}project_members
  GROUP BY project_id, user_id
),

people AS (
  SELECT user_id, max(coalesce(valid_to_at, TIMESTAMP '9999-12-31')) AS ended_at
  FROM {{ stored }}organization_users
  GROUP BY user_id
),

known_ids AS (
  SELECT user_id FROM people
  UNION
  SELECT user_id FROM members
  UNION
  SELECT service_account_id AS user_id FROM {{ stored }}service_accounts
),

-- a list of projects is taken as whole where each has its time of creation, as the API gives it
whole_list AS (
  SELECT count(*) > 0 AND count(created_at) = count(*) AS is_whole
  FROM {{ stored }}projects
),

found AS (
  SELECT
    'archived_project' AS kind, u.charge_date, u.usage_date, u.project_id,
    u.project_id AS subject_id, a.archived_at AS since_at, u.cost_usd, u.unpriced_quantity,
    u.unpriced_lines
  FROM used AS u
  INNER JOIN of_archived AS a ON a.project_id = u.project_id AND a.usage_date = u.usage_date
  UNION ALL
  SELECT
    'model_not_permitted' AS kind, u.charge_date, u.usage_date, u.project_id,
    u.model AS subject_id, f.since_at, u.cost_usd, u.unpriced_quantity, u.unpriced_lines
  FROM live_use AS u
  INNER JOIN forbidden AS f
    ON f.project_id = u.project_id AND f.usage_date = u.usage_date AND f.model = u.model
  UNION ALL
  SELECT
    'deleted_key' AS kind, u.charge_date, u.usage_date, u.project_id,
    u.api_key_id AS subject_id, k.ended_at AS since_at, u.cost_usd, u.unpriced_quantity,
    u.unpriced_lines
  FROM live_use AS u
  INNER JOIN keys AS k
    ON k.api_key_id = u.api_key_id AND CAST(u.usage_date AS TIMESTAMP) >= k.ended_at
  UNION ALL
  SELECT
    'unknown_key' AS kind, u.charge_date, u.usage_date, u.project_id,
    u.api_key_id AS subject_id, CAST(NULL AS TIMESTAMP) AS since_at, u.cost_usd,
    u.unpriced_quantity, u.unpriced_lines
  FROM live_use AS u
  INNER JOIN projects_with_keys AS p ON p.project_id = u.project_id
  LEFT JOIN keys AS k ON k.api_key_id = u.api_key_id
  WHERE u.api_key_id IS NOT NULL AND k.api_key_id IS NULL
  UNION ALL
  SELECT
    'unknown_project' AS kind, u.charge_date, u.usage_date, u.project_id,
    u.project_id AS subject_id, CAST(NULL AS TIMESTAMP) AS since_at, u.cost_usd,
    u.unpriced_quantity, u.unpriced_lines
  FROM live_use AS u
  INNER JOIN whole_list AS w ON w.is_whole
  LEFT JOIN {{ stored }}projects AS p ON p.project_id = u.project_id
  WHERE p.project_id IS NULL
  UNION ALL
  SELECT
    'former_member' AS kind, u.charge_date, u.usage_date, u.project_id,
    u.user_id AS subject_id, least(m.ended_at, o.ended_at) AS since_at, u.cost_usd,
    u.unpriced_quantity, u.unpriced_lines
  FROM live_use AS u
  LEFT JOIN members AS m ON m.project_id = u.project_id AND m.user_id = u.user_id
  LEFT JOIN people AS o ON o.user_id = u.user_id
  WHERE
    CAST(u.usage_date AS TIMESTAMP) >= m.ended_at
    OR CAST(u.usage_date AS TIMESTAMP) >= o.ended_at
  UNION ALL
  SELECT
    'unknown_person' AS kind, u.charge_date, u.usage_date, u.project_id,
    u.user_id AS subject_id, CAST(NULL AS TIMESTAMP) AS since_at, u.cost_usd,
    u.unpriced_quantity, u.unpriced_lines
  FROM live_use AS u
  LEFT JOIN known_ids AS k ON k.user_id = u.user_id
  WHERE
    u.user_id IS NOT NULL AND k.user_id IS NULL
    AND EXISTS (SELECT 1 FROM people)
)

SELECT
  CAST(date_trunc('month', f.charge_date) AS DATE) AS period_start_date,
  f.kind,
  f.project_id,
  p.project_name,
  f.subject_id,
  min(f.since_at) AS since_at,
  min(f.usage_date) AS first_usage_date,
  max(f.usage_date) AS last_usage_date,
  count(DISTINCT f.usage_date) AS days,
  CAST(sum(f.cost_usd) AS DECIMAL(38, 24)) AS cost_usd,
  CAST(sum(f.unpriced_quantity) AS DECIMAL(38, 6)) AS unpriced_quantity,
  sum(f.unpriced_lines) > 0 AS is_lower_bound
FROM found AS f
LEFT JOIN {{ stored }}projects AS p ON p.project_id = f.project_id
GROUP BY
  CAST(date_trunc('month', f.charge_date) AS DATE), f.kind, f.project_id, p.project_name,
  f.subject_id
