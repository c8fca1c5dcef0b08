-- row: one project that the provider's costs name.
-- engine: duckdb
SELECT DISTINCT project_id AS word
FROM provider_costs
WHERE project_id IS NOT NULL
ORDER BY word
