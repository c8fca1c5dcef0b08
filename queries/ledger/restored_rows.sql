-- row: one replaced request that holds again, since what replaced it was forgotten.
-- takes: known_rows, excluded_rows, forgotten_files, forgotten_rows (identity_hash), ledger_runs.
-- engine: any
WITH replaced AS (
  SELECT
    k.ledger_id, k.row_number, k.identity_hash, k.organization_id, k.record_id, k.source,
    k.input_file, k.basis, k.usage_date, e.replaced_at
  FROM known_rows AS k
  INNER JOIN excluded_rows AS e ON e.ledger_id = k.ledger_id AND e.row_number = k.row_number
  LEFT JOIN forgotten_files AS f ON f.source = k.source AND f.input_file = k.input_file
  WHERE
    k.identity_hash IN (SELECT identity_hash FROM forgotten_rows)
    AND e.reason <> 'forgotten'
    AND f.source IS NULL
),

newest AS (
  SELECT
    ledger_id, row_number, organization_id, record_id, source, input_file, basis, usage_date,
    replaced_at, max(replaced_at) OVER (PARTITION BY identity_hash) AS last_replaced_at
  FROM replaced
)

SELECT n.ledger_id, n.row_number, n.source, n.input_file, n.basis, n.usage_date, r.run_id, r.file_id
FROM newest AS n
INNER JOIN ledger_runs AS r ON r.ledger_id = n.ledger_id
WHERE n.replaced_at = n.last_replaced_at
QUALIFY row_number() OVER (
  PARTITION BY n.organization_id, n.record_id ORDER BY n.ledger_id DESC, n.row_number DESC
) = 1
