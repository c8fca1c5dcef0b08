-- row: when a run or correction was last published, when one was last done, and its business clock.
-- engine: duckdb
SELECT
  max(finished_at) AS published_at,
  max(finished_at) FILTER (WHERE outcome = 'done') AS done_at,
  max_by(now_at, finished_at) AS now_at
FROM runs
WHERE outcome <> 'failed'
