-- row: one of some operations that a project's own charge records show.
-- takes: ledger_rows (ledger_id, row_number, …), excluded_rows, $operations.
-- engine: any
SELECT DISTINCT r.provider, r.organization_id, coalesce(r.project_id, '') AS project_id, r.operation
FROM ledger_rows AS r
ANTI JOIN excluded_rows AS s ON s.ledger_id = r.ledger_id AND s.row_number = r.row_number
WHERE list_contains($operations, r.operation)
