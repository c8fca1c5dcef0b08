-- row: one line of provider costs whose file was forgotten.
-- engine: duckdb
UPDATE provider_costs
SET replaced_at = CAST($at AS TIMESTAMP)
WHERE replaced_at IS NULL AND list_contains(CAST($files AS BIGINT[]), file_id)
