-- row: one run.
-- engine: duckdb
-- view: One run, from start to end, failed ones included.
-- column run_id VARCHAR: Id of the run; other views name it
-- column verb VARCHAR: What was run, such as run, rerate, forget or replay
-- column started_at TIMESTAMP: When it started, UTC, by the real clock
-- column finished_at TIMESTAMP: When it ended, UTC, by the real clock
-- column now_at TIMESTAMP: The business clock of the run (moved by --now), UTC
-- column outcome VARCHAR: done, partial or failed
-- column rows_read BIGINT: Usage rows read, as a count
-- column accepted BIGINT: Rows accepted, as a count
-- column duplicate BIGINT: Rows known before, as a count
-- column superseded BIGINT: Rows replaced by later ones, as a count
-- column quarantined BIGINT: Rows held back, as a count
-- column not_usage BIGINT: Rows that are not usage or never charged, as a count; not part of
--   rows_read
-- column message VARCHAR: Why it was not done; NULL where it was
-- column tollbook_version VARCHAR: The version of tollbook that ran; NULL where it was older than
--   0.2.0
SELECT
  run_id, verb, started_at, finished_at, now_at, outcome, rows_read, accepted, duplicate,
  superseded, quarantined, not_usage, message, tollbook_version
FROM stored.runs
