-- row: one usage record as it was known at an instant: recorded by then, and not yet replaced.
-- a record that a forgotten file had replaced counts as never replaced, since it holds again.
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
)

SELECT
  {{ usage_columns | columns('v') }}
FROM versions AS v
CROSS JOIN as_of AS a
WHERE v.recorded_at <= a.known_at AND (v.replaced_at IS NULL OR v.replaced_at > a.known_at)
