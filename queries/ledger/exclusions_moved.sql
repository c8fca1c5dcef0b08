-- row: one excluded row that was written again under another basis: it is excluded there as well.
-- takes: moved_rows (ledger_id, row_number, new_ledger_id, new_row_number), excluded_rows.
-- engine: duckdb
INSERT INTO excluded_rows BY NAME
SELECT
  m.new_ledger_id AS ledger_id, m.new_row_number AS row_number,
  e.reason, e.replaced_at, e.replaced_by_file, e.replaced_by_line, e.note, e.run_id
FROM excluded_rows AS e
INNER JOIN moved_rows AS m ON m.ledger_id = e.ledger_id AND m.row_number = e.row_number
WHERE e.restored_at IS NULL
