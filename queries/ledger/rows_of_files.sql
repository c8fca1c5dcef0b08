-- row: one row of the ledger that came from one of some input files, live or not; not one that was
-- moved to another basis.
-- takes: known_rows, excluded_rows, forgotten_files (source, input_file).
-- engine: any
SELECT
  k.ledger_id, k.row_number, k.identity_hash, k.basis, k.usage_date,
  e.ledger_id IS NULL AS is_live, e.reason
FROM known_rows AS k
INNER JOIN forgotten_files AS f ON f.source = k.source AND f.input_file = k.input_file
LEFT JOIN excluded_rows AS e ON e.ledger_id = k.ledger_id AND e.row_number = k.row_number
WHERE coalesce(e.reason, '') <> 'rebased'
