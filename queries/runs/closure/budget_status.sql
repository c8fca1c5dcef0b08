-- row: one budget and period with a day in a month, as it was closed.
-- takes: columns, those of budget_status; $since, $until, the month's days, half-open.
-- engine: duckdb
SELECT {{ columns | columns }}
FROM budget_status
WHERE period_start_date < $until AND period_end_date > $since
ORDER BY budget_id, period_start_date
