-- row: one row of a provider bucket that holds again, since the version after it was forgotten.
-- takes: known_rows, excluded_rows, restored_buckets (provider, organization_id, bucket_key,
-- identity_hash, input_file, run_id), ledger_runs.
-- engine: any
WITH replaced AS (
  SELECT
    k.ledger_id, k.row_number, k.source, k.input_file, k.basis, k.usage_date, r.run_id, r.file_id,
    e.replaced_at,
    max(e.replaced_at) OVER (PARTITION BY b.provider, b.organization_id, b.bucket_key) AS last_replaced_at
  FROM known_rows AS k
  INNER JOIN ledger_runs AS r ON r.ledger_id = k.ledger_id
  INNER JOIN excluded_rows AS e ON e.ledger_id = k.ledger_id AND e.row_number = k.row_number
  INNER JOIN restored_buckets AS b
    ON b.identity_hash = k.identity_hash
    AND b.provider = k.provider
    AND b.input_file = k.input_file
    AND b.run_id = r.run_id
    AND substring(k.record_id, 1, length(b.bucket_key) + 1) = concat(b.bucket_key, '|')
  WHERE e.reason NOT IN ('forgotten', 'rebased')
)

SELECT ledger_id, row_number, source, input_file, basis, usage_date, run_id, file_id
FROM replaced
WHERE replaced_at = last_replaced_at
