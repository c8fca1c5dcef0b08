-- row: how many rows are held back now.
-- engine: duckdb
SELECT count(*) AS quarantined_rows
FROM quarantine
WHERE replayed_at IS NULL
