-- row: one day (the organization's) that has usage, in order.
-- engine: duckdb
SELECT DISTINCT charge_date
FROM daily_costs
ORDER BY charge_date
