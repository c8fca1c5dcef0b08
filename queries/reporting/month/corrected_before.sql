-- row: one, where corrections of the month before are booked; it is closed then.
-- engine: duckdb
SELECT corrected_month_date
FROM daily_costs
WHERE corrected_month_date = $previous_since
LIMIT 1
