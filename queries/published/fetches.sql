-- row: one endpoint that one run asked the provider's API for.
-- engine: duckdb
SELECT
  source, endpoint, bucket_width, fetched_at, since_at, until_at, complete_until_at,
  known_since_at, known_until_at, outcome, group_by, pages, rows, message, run_id
FROM stored.fetches
