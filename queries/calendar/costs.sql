-- row: one source of costs, with the last day that it has costs of.
-- engine: duckdb
SELECT source, min(usage_date) AS first_date, max(usage_date) AS last_date
FROM provider_costs
WHERE replaced_at IS NULL
GROUP BY source
ORDER BY source
