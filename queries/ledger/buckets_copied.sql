-- row: one version of a bucket in a renamed page, a duplicate of the one under the earlier name.
-- takes: $files (file ids of the renamed pages), input_files as this run leaves them.
-- engine: duckdb
INSERT INTO buckets BY NAME
SELECT
  b.* REPLACE (
    f.source AS source, f.input_file AS input_file, f.run_id AS run_id,
    CASE WHEN b.endpoint = 'costs' THEN b.basis ELSE f.basis END AS basis,
    false AS is_current, true AS is_duplicate, false AS is_forgotten
  )
FROM input_files AS f
INNER JOIN input_files AS o ON o.file_id = f.copy_of
INNER JOIN buckets AS b
  ON b.source = o.source AND b.input_file = o.input_file AND b.run_id = o.run_id
WHERE list_contains(CAST($files AS BIGINT[]), f.file_id)
ORDER BY f.file_id, b.rowid
