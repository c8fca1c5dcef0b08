-- row: one accepted usage record, current version.
-- engine: duckdb
SELECT
  {{ usage_columns | columns }}
FROM {{ usage_files }}
