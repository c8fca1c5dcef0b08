-- row: one finding of the month, the most expensive first; keys and people with their last names.
-- engine: duckdb
WITH people AS (
  SELECT user_id, coalesce(name, email) AS name
  FROM organization_users
  QUALIFY row_number() OVER (
    PARTITION BY user_id ORDER BY valid_to_at DESC NULLS FIRST, valid_from_at DESC NULLS LAST
  ) = 1
)

SELECT
  f.kind,
  f.project_id,
  f.subject_id,
  CASE
    WHEN f.kind IN ('deleted_key', 'unknown_key') THEN k.name
    WHEN f.kind IN ('former_member', 'unknown_person') THEN p.name
  END AS subject_name,
  f.since_at,
  f.first_usage_date,
  f.last_usage_date,
  f.days,
  f.cost_usd,
  f.is_lower_bound
FROM policy_findings AS f
LEFT JOIN api_keys AS k ON k.api_key_id = f.subject_id
LEFT JOIN people AS p ON p.user_id = f.subject_id
WHERE f.period_start_date = $since
ORDER BY f.cost_usd DESC NULLS LAST, f.kind, f.project_id, f.subject_id
