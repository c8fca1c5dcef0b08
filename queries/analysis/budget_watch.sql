-- question: How do the budgets stand, and which will not last?
-- row: one budget in the period that holds the day, the most used first.
-- ties: spent_usd and state are those of budget_status.
-- parameter: day DATE default today, any day of the period
-- parameter: project VARCHAR default any, only budgets of this project
-- engine: duckdb
WITH periods AS (
  SELECT
    budget_id, project_id, model, scope, period_start_date, period_end_date,
    amount_usd, spent_usd, forecast_usd, forecast_low_usd, forecast_high_usd,
    crossing_date, state, is_lower_bound, unpriced_quantity,
    CAST(CAST(amount_usd AS DECIMAL(38,6)) * 1000000 AS HUGEINT) AS amount_micro_usd,
    CAST(CAST(spent_usd AS DECIMAL(38,6)) * 1000000 AS HUGEINT) AS spent_micro_usd
  FROM budget_status
  WHERE
    period_start_date <= $day
    AND period_end_date > $day
    AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
)

SELECT
  budget_id,
  project_id,
  model,
  scope,
  period_start_date,
  period_end_date,
  amount_usd,
  spent_usd,
  amount_usd - spent_usd AS left_usd,
  CAST(spent_micro_usd * 10000 // nullif(amount_micro_usd, 0) AS BIGINT) AS spent_basis_points,
  -- Of the period, the day itself included: the pace that would just last.
  (CAST($day AS DATE) - period_start_date + 1) * 10000 // (period_end_date - period_start_date)
    AS elapsed_basis_points,
  forecast_usd,
  forecast_low_usd,
  forecast_high_usd,
  crossing_date,
  state,
  is_lower_bound,
  unpriced_quantity
FROM periods
ORDER BY spent_basis_points DESC NULLS LAST, budget_id
