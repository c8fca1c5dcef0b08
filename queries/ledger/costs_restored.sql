-- row: one line of provider costs that holds again, since what replaced it was forgotten.
-- engine: duckdb
UPDATE provider_costs
SET replaced_at = NULL
WHERE
  rowid IN (
    SELECT c.rowid
    FROM provider_costs AS c
    INNER JOIN buckets AS b
      ON b.provider = c.provider AND b.bucket_key = c.bucket_key
      AND b.input_file = c.input_file AND b.run_id = c.run_id
    WHERE b.is_current AND c.replaced_at IS NOT NULL
  )
RETURNING file_id
