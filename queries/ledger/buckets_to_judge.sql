-- row: one version of a bucket of a day and endpoint on which one of some files or a source has any,
-- in the order in which they were read; is_out: the file is forgotten, or goes now.
-- takes: $going and $returning (names of files), $source (NULL: none).
-- engine: duckdb
WITH affected AS (
  SELECT DISTINCT provider, organization_id, endpoint, CAST(started_at AS DATE) AS usage_date
  FROM buckets
  WHERE
    list_contains(list_concat(CAST($going AS VARCHAR[]), CAST($returning AS VARCHAR[])), input_file)
    OR source = $source
)

SELECT
  b.rowid AS version_id, b.provider, b.organization_id, b.bucket_key, b.basis, b.endpoint,
  b.started_at, b.width, b.fetched_at AS known_fetched_at,
  coalesce(b.own_fetched_at, b.fetched_at) AS fetched_at, b.content_hash, b.rows, b.source,
  b.input_file, b.input_line, b.is_current, b.run_id, b.late_seconds, b.is_duplicate,
  CASE
    WHEN list_contains(CAST($returning AS VARCHAR[]), b.input_file) THEN false
    ELSE b.is_forgotten OR list_contains(CAST($going AS VARCHAR[]), b.input_file)
  END AS is_out
FROM buckets AS b
INNER JOIN affected AS a
  ON a.provider = b.provider AND a.organization_id = b.organization_id
    AND a.endpoint = b.endpoint AND a.usage_date = CAST(b.started_at AS DATE)
ORDER BY b.rowid
