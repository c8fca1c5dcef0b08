-- row: how much more the month may cost at most, where long requests may be among several.
-- engine: duckdb
SELECT CAST(coalesce(sum(long_context_doubt_usd), 0) AS DECIMAL(38, 24)) AS long_context_doubt_usd
FROM daily_costs
WHERE charge_date >= $since AND charge_date < $until AND corrected_month_date IS NULL
