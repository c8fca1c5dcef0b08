-- row: one version of one raw file; its four fates add up to the rows read.
-- engine: duckdb
SELECT
  input_file, content_hash, source, kind, basis, state, rows_read, accepted, duplicate, superseded,
  quarantined, not_usage, waiting_bytes, size_bytes, first_record_at, last_record_at, ingested_at,
  run_id, message
FROM stored.input_files
