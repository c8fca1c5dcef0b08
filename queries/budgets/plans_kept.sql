-- row: one budget and period as it was planned when it was last looked at.
-- takes: schema, where the table is.
-- engine: duckdb
SELECT
  budget_id,
  period_start_date,
  period_end_date,
  period_calendar,
  project_id,
  model,
  scope,
  thresholds,
  amount_usd,
  watched_since_date,
  plan,
  base_amount_usd,
  base_amount
FROM {{ schema }}.budget_status
ORDER BY budget_id, period_start_date
