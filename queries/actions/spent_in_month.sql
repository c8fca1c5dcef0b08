-- row: one project, with what was spent in the UTC days from $since on.
-- takes: daily, the small sums by day.
-- engine: duckdb
SELECT project_id, CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS spent_usd
FROM {{ daily }}
WHERE usage_date >= $since AND project_id IS NOT NULL
GROUP BY project_id
