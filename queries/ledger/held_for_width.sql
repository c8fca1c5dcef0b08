-- row: one version of an input file with a bucket that is held back, since some other files have
-- buckets of another width of its day.
-- takes: $names (of these files).
-- engine: duckdb
SELECT DISTINCT q.file_id
FROM quarantine AS q
INNER JOIN buckets AS b
  ON starts_with(q.raw, concat(b.endpoint, '|', strftime(b.started_at, '%Y-%m-%d')))
WHERE
  q.rule = 'mixed_bucket_width' AND q.replayed_at IS NULL
  AND list_contains(CAST($names AS VARCHAR[]), b.input_file)
