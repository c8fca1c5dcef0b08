-- row: one version of one raw file; its four fates add up to the rows read.
-- engine: duckdb
-- view: One raw file and the fates of its rows as of now: accepted + duplicate + superseded +
--   quarantined = rows_read.
-- column input_file VARCHAR: Path or address of the file
-- column content_hash VARCHAR: Hash of its uncompressed content
-- column source VARCHAR: Name of the source in tollbook.toml
-- column kind VARCHAR: Kind of the source: request_log, openai_usage, openai_costs, records or
--   openai
-- column basis VARCHAR: charge: its rows make charges; detail: only attribution and comparison
-- column state VARCHAR: read, waiting, gone, replaced, forgotten or unreadable
-- column rows_read BIGINT: Usage rows read, as a count
-- column accepted BIGINT: Rows that are live, as a count
-- column duplicate BIGINT: Rows known before, as a count
-- column superseded BIGINT: Rows replaced by later ones, as a count
-- column quarantined BIGINT: Rows held back, as a count
-- column not_usage BIGINT: Rows that are not usage (such as failed requests) or never charged (of
--   minute buckets), as a count; not part of rows_read
-- column waiting_bytes BIGINT: Bytes of a half-written last line, left for the next run
-- column size_bytes BIGINT: Size of the file as it lay there, in bytes
-- column first_record_at TIMESTAMP: Earliest record in it, UTC; NULL where there is none
-- column last_record_at TIMESTAMP: Latest record in it, UTC; NULL where there is none
-- column ingested_at TIMESTAMP: When it was read, UTC
-- column run_id VARCHAR: Run that read it
-- column message VARCHAR: What was wrong with the file; NULL where nothing was
SELECT
  input_file, content_hash, source, kind, basis, state, rows_read, accepted, duplicate, superseded,
  quarantined, not_usage, waiting_bytes, size_bytes, first_record_at, last_record_at, ingested_at,
  run_id, message
FROM stored.input_files
