-- row: one threshold that a budget reached in a period.
-- takes: schema, where the table is.
-- engine: duckdb
SELECT budget_id, period_start_date, threshold_percent, threshold_usd, reached_date
FROM {{ schema }}.budget_crossings
ORDER BY budget_id, period_start_date, reached_at_usd
