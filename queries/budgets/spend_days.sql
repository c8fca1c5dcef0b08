-- row: one day on which anything was spent.
-- engine: any
SELECT DISTINCT charge_date
FROM spend_by_day
ORDER BY charge_date
