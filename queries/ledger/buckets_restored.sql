-- row: one version of a bucket that holds again, since the current one was forgotten.
-- engine: duckdb
UPDATE buckets
SET is_current = true
WHERE list_contains(CAST($versions AS BIGINT[]), rowid)
