-- row: one version of a bucket of a day and endpoint on which one of some files or a source has any,
-- in the order in which they were read, where a renamed page has the place under its earlier name
-- (placed_run_id, placed_source); is_out: the file is forgotten, or goes now; is_removed: its rows
-- are not kept any more.
-- takes: $going and $returning (names of files), $source (NULL: none).
-- engine: duckdb
WITH affected AS (
  SELECT DISTINCT provider, organization_id, endpoint, CAST(started_at AS DATE) AS usage_date
  FROM buckets
  WHERE
    list_contains(list_concat(CAST($going AS VARCHAR[]), CAST($returning AS VARCHAR[])), input_file)
    OR source = $source
),

renamed AS (
  SELECT
    f.source, f.input_file, f.run_id, o.source AS placed_source, o.run_id AS placed_run_id,
    b.bucket_key, b.input_line, b.content_hash, min(b.rowid) AS place
  FROM input_files AS f
  INNER JOIN input_files AS o ON o.file_id = f.copy_of
  INNER JOIN buckets AS b
    ON b.source = o.source AND b.input_file = o.input_file AND b.run_id = o.run_id
  GROUP BY ALL
)

SELECT
  b.rowid AS version_id, b.provider, b.organization_id, b.bucket_key, b.basis, b.endpoint,
  b.started_at, b.width, b.fetched_at AS known_fetched_at,
  coalesce(b.own_fetched_at, b.fetched_at) AS fetched_at, b.content_hash, b.rows, b.source,
  b.input_file, b.input_line, b.is_current, b.run_id, b.late_seconds, b.is_duplicate, b.is_removed,
  coalesce(r.placed_source, b.source) AS placed_source,
  coalesce(r.placed_run_id, b.run_id) AS placed_run_id,
  CASE
    WHEN list_contains(CAST($returning AS VARCHAR[]), b.input_file) THEN false
    ELSE b.is_forgotten OR list_contains(CAST($going AS VARCHAR[]), b.input_file)
  END AS is_out
FROM buckets AS b
INNER JOIN affected AS a
  ON a.provider = b.provider AND a.organization_id = b.organization_id
    AND a.endpoint = b.endpoint AND a.usage_date = CAST(b.started_at AS DATE)
LEFT JOIN renamed AS r
  ON r.source = b.source AND r.input_file = b.input_file AND r.run_id = b.run_id
    AND r.bucket_key = b.bucket_key AND r.input_line = b.input_line
    AND r.content_hash = b.content_hash
ORDER BY coalesce(r.place, b.rowid), b.rowid
