-- row: one version of an input file of this name, or of one with the same content, as read.
-- engine: duckdb
WITH named AS (
  SELECT DISTINCT content_hash
  FROM input_files
  WHERE list_contains($names, input_file)
)

SELECT
  f.input_file, f.content_hash, f.source, f.kind, f.basis, f.state, f.rows_read, f.accepted,
  f.duplicate, f.superseded, f.quarantined, f.not_usage, f.waiting_bytes, f.size_bytes,
  f.first_record_at, f.last_record_at, f.ingested_at, f.run_id, f.message
FROM input_files AS f
WHERE list_contains($names, f.input_file)
  OR (f.content_hash <> '' AND f.content_hash IN (SELECT content_hash FROM named))
ORDER BY f.input_file, f.ingested_at, f.run_id
