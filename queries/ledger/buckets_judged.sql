-- row: one version of a bucket, with whether it counts now that files are forgotten or moved.
-- takes: judged_buckets (version_id, basis, is_current, is_duplicate, is_forgotten, fetched_at).
-- engine: duckdb
UPDATE buckets
SET
  basis = j.basis, is_current = j.is_current, is_duplicate = j.is_duplicate,
  is_forgotten = j.is_forgotten, fetched_at = j.fetched_at
FROM judged_buckets AS j
WHERE buckets.rowid = j.version_id
