-- row: one version of a bucket that holds again once the files with these names are forgotten:
-- the newest that is left of a bucket whose current version is in one of them.
-- engine: duckdb
WITH forgotten AS (
  SELECT provider, organization_id, bucket_key
  FROM buckets
  WHERE is_current AND list_contains(CAST($names AS VARCHAR[]), input_file)
),

remaining AS (
  SELECT
    b.rowid AS version_id, b.provider, b.organization_id, b.bucket_key, b.started_at, b.input_file, b.run_id,
    row_number() OVER (
      PARTITION BY b.provider, b.organization_id, b.bucket_key
      ORDER BY
        coalesce(b.fetched_at, TIMESTAMP '1970-01-01') DESC, b.run_id DESC, b.rowid DESC
    ) AS place
  FROM buckets AS b
  INNER JOIN forgotten AS f
    ON f.provider = b.provider AND f.organization_id = b.organization_id
      AND f.bucket_key = b.bucket_key
  WHERE NOT list_contains(CAST($names AS VARCHAR[]), b.input_file)
)

SELECT version_id, provider, organization_id, bucket_key, started_at, input_file, run_id
FROM remaining
WHERE place = 1
