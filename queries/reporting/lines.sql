-- row: one row of period_charges of the month, with what a line of the report's CSV is made of.
-- ties: sum(cost_usd) = that of charges over the month; NULL, not 0, where nothing is priced.
-- engine: duckdb
SELECT
  charge_date, project_id, project_name, model, scope, operation, service_tier, meter, unit,
  pricing_status, quantity, list_cost_usd, cost_usd, is_provisional
FROM period_charges
WHERE charge_date >= $since AND charge_date < $until
