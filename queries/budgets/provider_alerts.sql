-- row: one project (NULL: the organization) with the amounts of its spend alerts at the provider.
-- engine: duckdb
SELECT project_id, list(amount_usd ORDER BY amount_usd) AS amounts_usd
FROM spend_alerts
WHERE valid_to_at IS NULL AND period = 'month' AND amount_usd > 0
GROUP BY project_id
ORDER BY project_id
