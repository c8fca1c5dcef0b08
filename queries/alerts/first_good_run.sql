-- row: when the first run that did not fail was started, UTC; NULL before there was one.
-- engine: duckdb
SELECT min(started_at) AS first_good_run_at
FROM runs
WHERE outcome <> 'failed'
