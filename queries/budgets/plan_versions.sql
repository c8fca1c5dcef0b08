-- row: one version of a budget's plan recorded by $at (NULL: by now), the oldest first.
-- takes: schema, where the table is.
-- engine: duckdb
SELECT budget_id, recorded_at, plan
FROM {{ schema }}.budget_plans
WHERE $at IS NULL OR recorded_at <= $at
ORDER BY budget_id, recorded_at, rowid
