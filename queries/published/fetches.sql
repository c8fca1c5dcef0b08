-- row: one endpoint that one run asked the provider's API for.
-- engine: duckdb
-- view: One endpoint that one run asked the provider's API for. The newest of an endpoint says what
--   of it is there. Fetches that brought nothing new are seen with the next snapshot.
-- column source VARCHAR: Name of the source in tollbook.toml
-- column endpoint VARCHAR: Name of the endpoint, such as completions or costs; completions-1m: its
--   minute buckets
-- column bucket_width VARCHAR: Width of the buckets asked for: 1m, 1h or 1d
-- column fetched_at TIMESTAMP: When it was asked, UTC, by the real clock
-- column since_at TIMESTAMP: Begin of what was asked for, UTC
-- column until_at TIMESTAMP: End of what was asked for, exclusive, UTC
-- column complete_until_at TIMESTAMP: Up to when it came without a hole, exclusive, UTC; NULL:
--   nothing came
-- column known_since_at TIMESTAMP: From when on the endpoint is known without a hole, after this
--   fetch, UTC; NULL: not at all
-- column known_until_at TIMESTAMP: Up to when it is known without a hole, exclusive, UTC; NULL: not
--   at all
-- column outcome VARCHAR: complete, absent (the server does not have it), refused (the key does not
--   reach so far) or failed
-- column group_by VARCHAR[]: Names that the rows are grouped by; what the server refused is not
--   among them
-- column pages BIGINT: Pages that came, as a count
-- column rows BIGINT: Result rows in them, as a count
-- column message VARCHAR: What went wrong; NULL where nothing did
-- column run_id VARCHAR: Id of the run that asked
SELECT
  source, endpoint, bucket_width, fetched_at, since_at, until_at, complete_until_at,
  known_since_at, known_until_at, outcome, group_by, pages, rows, message, run_id
FROM stored.fetches
