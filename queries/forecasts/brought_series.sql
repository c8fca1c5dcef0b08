-- row: one provider, project and model that a source of $sources has brought since $since; of costs
-- the project alone.
-- takes: usage and costs, FROM items with usage records and with providers' costs.
-- engine: duckdb
SELECT DISTINCT source, provider, project_id, model, false AS is_of_costs
FROM {{ usage }}
WHERE charge_date >= $since AND list_contains(CAST($sources AS VARCHAR[]), source)
UNION ALL
SELECT DISTINCT source, provider, project_id, NULL AS model, true AS is_of_costs
FROM {{ costs }}
WHERE usage_date >= $since AND list_contains(CAST($sources AS VARCHAR[]), source)
