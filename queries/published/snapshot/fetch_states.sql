-- row: what is known of one endpoint after its newest fetch, as far as a reader would act on it.
-- Asked again with the same answer, it is the same; how far it is known counts by whole days.
-- engine: duckdb
SELECT
  source, endpoint, bucket_width,
  arg_max(outcome, fetched_at) AS outcome,
  arg_max(coalesce(message, ''), fetched_at) AS message,
  arg_max(group_by, fetched_at) AS group_by,
  CAST(arg_max(known_since_at, fetched_at) AS DATE) AS known_since_date,
  CAST(arg_max(known_until_at, fetched_at) AS DATE) AS known_until_date
FROM fetches
GROUP BY source, endpoint, bucket_width
