-- row: one finding of the month, the most expensive first.
SELECT
  kind,
  project_id,
  subject_id,
  since_at,
  first_usage_date,
  last_usage_date,
  days,
  cost_usd,
  is_lower_bound
FROM policy_findings
WHERE period_start_date = $since
ORDER BY cost_usd DESC NULLS LAST, kind, project_id, subject_id
