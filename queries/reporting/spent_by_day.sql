-- row: one day of the month with charges, and what it cost.
-- engine: duckdb
SELECT charge_date, CAST(coalesce(sum(cost_usd), 0) AS DECIMAL(38, 24)) AS cost_usd
FROM period_charges
WHERE charge_date >= $since AND charge_date < $until
GROUP BY charge_date
