-- row: one line of provider costs that a duplicate of a day has as well, whose original was
-- forgotten.
-- takes: copied_buckets (version_id, original_id), input_files as this run leaves them.
-- engine: duckdb
INSERT INTO provider_costs BY NAME
SELECT
  c.* EXCLUDE (file_id, source, fetched_at, input_file, input_line, run_id, replaced_at),
  f.file_id, b.source, b.fetched_at, b.input_file,
  c.input_line + b.input_line - o.input_line AS input_line, b.run_id,
  CAST(NULL AS TIMESTAMP) AS replaced_at
FROM copied_buckets AS k
INNER JOIN buckets AS o ON o.rowid = k.original_id
INNER JOIN buckets AS b ON b.rowid = k.version_id
INNER JOIN input_files AS f
  ON f.source = b.source AND f.input_file = b.input_file AND f.run_id = b.run_id
INNER JOIN provider_costs AS c
  ON c.provider = o.provider AND c.bucket_key = o.bucket_key AND c.input_file = o.input_file
    AND c.run_id = o.run_id
WHERE b.endpoint = 'costs'
RETURNING file_id
