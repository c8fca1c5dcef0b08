-- row: one input file whose quarantined rows are not those in the quarantine.
-- gives: place (what is at fault), finding (what is wrong with it).
-- engine: duckdb
WITH held AS (
  SELECT file_id, count(*) AS rows
  FROM quarantine
  WHERE replayed_at IS NULL
  GROUP BY file_id
)

SELECT
  f.input_file AS place,
  format(
    '{} of its rows are counted as quarantined, but the quarantine has {} of them', f.quarantined,
    coalesce(h.rows, 0)
  ) AS finding
FROM input_files AS f
LEFT JOIN held AS h ON h.file_id = f.file_id
WHERE f.quarantined <> coalesce(h.rows, 0)
ORDER BY f.input_file
