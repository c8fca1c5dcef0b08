-- row: one ledger row of some versions of provider buckets, live or not; not one that was moved to
-- another basis.
-- takes: known_rows, excluded_rows, bucket_versions (version_id, provider, basis, bucket_key,
-- identity_hash, input_file, run_id), ledger_runs.
-- engine: any
SELECT
  b.version_id, k.ledger_id, k.row_number, k.basis, k.usage_date,
  e.ledger_id IS NULL AS is_live, e.reason, e.replaced_at
FROM known_rows AS k
INNER JOIN ledger_runs AS r ON r.ledger_id = k.ledger_id
INNER JOIN bucket_versions AS b
  ON b.identity_hash = k.identity_hash
  AND b.provider = k.provider
  AND b.basis = k.basis
  AND b.input_file = k.input_file
  AND b.run_id = r.run_id
  AND substring(k.record_id, 1, length(b.bucket_key) + 1) = concat(b.bucket_key, '|')
LEFT JOIN excluded_rows AS e ON e.ledger_id = k.ledger_id AND e.row_number = k.row_number
WHERE coalesce(e.reason, '') <> 'rebased'
