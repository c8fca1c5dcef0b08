-- row: one usage record as it was known at an instant: recorded by then, and not yet replaced.
-- a row that was taken out and has been restored since was not known in between.
-- takes: as_of (known_at), and the published views.
-- engine: duckdb
WITH versions AS (
  SELECT
    {{ usage_columns | columns }}, CAST(NULL AS TIMESTAMP) AS replaced_at
  FROM tollbook.main.usage
  UNION ALL
  SELECT
    {{ usage_columns | columns }}, replaced_at
  FROM tollbook.main.usage_versions
),

restored AS (
  SELECT
    u.source, u.record_id, u.input_file, u.input_line, e.replaced_at, e.restored_at
  FROM tollbook.stored.version_files() AS u
  INNER JOIN tollbook.stored.version_files AS f ON f.path = u.filename
  INNER JOIN tollbook.stored.excluded_rows AS e
    ON e.ledger_id = coalesce(u.ledger_id, f.ledger_id)
    AND e.row_number = coalesce(u.row_number, CAST(u.file_row_number AS BIGINT))
  WHERE e.restored_at IS NOT NULL
)

SELECT
  {{ usage_columns | columns('v') }}, CAST(NULL AS DECIMAL(38, 24)) AS cost_usd
FROM versions AS v
CROSS JOIN as_of AS a
WHERE
  v.recorded_at <= a.known_at
  AND (v.replaced_at IS NULL OR v.replaced_at > a.known_at)
  AND NOT EXISTS (
    SELECT 1
    FROM restored AS r
    WHERE
      r.source = v.source AND r.record_id = v.record_id AND r.input_file = v.input_file
      AND r.input_line = v.input_line AND r.replaced_at <= a.known_at AND r.restored_at > a.known_at
  )
