-- row: one version of a usage record that was replaced, or taken back with its file.
-- engine: duckdb
SELECT
  {{ usage_columns | columns('u') }},
  e.replaced_at, e.replaced_by_file, e.replaced_by_line, e.reason AS replaced_reason
FROM {{ version_files }} AS u
INNER JOIN stored.version_files AS f ON f.path = u.filename
INNER JOIN stored.excluded_rows AS e
  ON e.ledger_id = f.ledger_id AND e.row_number = CAST(u.file_row_number AS BIGINT)
