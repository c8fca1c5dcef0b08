-- row: one closing of a month, in the order of months and versions.
-- takes: schema, where the table is.
-- engine: duckdb
SELECT
  period_start_date, period_end_date, version, closed_at, closed_by, content_hash, folder, cost_usd,
  reopened_at
FROM {{ schema }}.closed_periods
ORDER BY period_start_date, version
