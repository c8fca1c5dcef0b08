-- question: What was used although the directory does not allow it, and what did it cost?
-- row: one month, kind of finding, project and subject, the most expensive first.
-- ties: the rows are those of policy_findings; one charge may be in rows of several kinds.
-- parameter: since DATE default month, any day of the first month
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- parameter: kind VARCHAR default any, only this kind, such as deleted_key
-- engine: duckdb
SELECT
  period_start_date,
  kind,
  project_id,
  project_name,
  subject_id,
  since_at,
  first_usage_date,
  last_usage_date,
  days,
  cost_usd,
  is_lower_bound,
  unpriced_quantity
FROM policy_findings
WHERE
  period_start_date >= date_trunc('month', CAST($since AS DATE))
  AND period_start_date < $until
  AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
  AND (CAST($kind AS VARCHAR) IS NULL OR kind = $kind)
ORDER BY period_start_date DESC, cost_usd DESC NULLS LAST, kind, project_id, subject_id
