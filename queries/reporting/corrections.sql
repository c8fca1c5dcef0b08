-- row: one closed month, project and model for which corrections are booked in the month; the
--      largest first within each closed month.
-- ties: sum(cost_usd) = that of period_costs over the month where it corrects another one.
-- engine: duckdb
SELECT
  corrected_month_date,
  project_id,
  model,
  CAST(sum(requests) AS BIGINT) AS requests,
  CAST(coalesce(sum(cost_usd), 0) AS DECIMAL(38,24)) AS cost_usd,
  CAST(sum(unpriced_quantity) AS DECIMAL(38, 6)) AS unpriced_quantity,
  max(charge_date) AS last_booked_date
FROM daily_costs
WHERE charge_date >= $since AND charge_date < $until AND corrected_month_date IS NOT NULL
GROUP BY corrected_month_date, project_id, model
ORDER BY
  corrected_month_date, abs(coalesce(sum(cost_usd), 0)) DESC, project_id NULLS LAST,
  model NULLS LAST
