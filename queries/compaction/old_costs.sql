-- row: one line of provider costs that was replaced before an instant. Not one of a forgotten file,
-- nor one of the figures with which a month was closed.
-- parameters: before TIMESTAMP.
-- engine: duckdb
SELECT c.rowid AS row_id, c.replaced_at
FROM provider_costs AS c
WHERE
  c.replaced_at < CAST($before AS TIMESTAMP)
  AND c.file_id NOT IN (SELECT file_id FROM input_files WHERE state = 'forgotten')
  AND NOT EXISTS (
    FROM closed_periods AS p
    WHERE p.closed_at < c.replaced_at
      AND c.usage_date BETWEEN p.period_start_date - 1 AND p.period_end_date
  )
