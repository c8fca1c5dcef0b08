-- row: at most one: the newest run, by its business clock (UTC); what it published is looked at.
-- engine: duckdb
SELECT now_at
FROM runs
ORDER BY started_at DESC
LIMIT 1
