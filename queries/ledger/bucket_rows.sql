-- row: one live row of a provider bucket that was replaced.
-- takes: known_rows, excluded_rows, replaced_buckets (provider, basis, bucket_key, identity_hash,
-- replaced_by_file, replaced_by_line), ledger_runs.
-- The hash holds the configured organization, which is a bucket's; a row may name its own.
-- engine: any
SELECT
  k.ledger_id, k.row_number, k.source, k.input_file, k.usage_date, k.project_id, r.run_id,
  b.replaced_by_file, b.replaced_by_line
FROM known_rows AS k
INNER JOIN replaced_buckets AS b
  ON b.identity_hash = k.identity_hash
  AND b.provider = k.provider
  AND b.basis = k.basis
  AND substring(k.record_id, 1, length(b.bucket_key) + 1) = concat(b.bucket_key, '|')
INNER JOIN ledger_runs AS r ON r.ledger_id = k.ledger_id
LEFT JOIN excluded_rows AS e ON e.ledger_id = k.ledger_id AND e.row_number = k.row_number
WHERE e.ledger_id IS NULL
