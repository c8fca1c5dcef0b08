-- row: the small sums of one day of usage (the organization's), project, model and scope, or one
-- correction of them, which is of the day that it corrects, not of that on which it was booked.
-- takes: schema, where the table of corrections is.
-- ties: sum(cost_usd) = that of charges over the same days.
-- engine: duckdb
SELECT
  charge_date, project_id, model, scope, requests, cost_usd, unpriced_quantity,
  long_context_doubt_usd
FROM daily_costs
WHERE corrected_month_date IS NULL
UNION ALL
SELECT
  charge_date, project_id, model, scope, requests, cost_usd, unpriced_quantity,
  long_context_doubt_usd
FROM {{ schema }}.corrections
WHERE moved_back_at IS NULL
