-- row: the run that published this snapshot.
-- engine: duckdb
SELECT run_id, finished_at
FROM runs
WHERE outcome <> 'failed'
ORDER BY run_id DESC
LIMIT 1
