-- row: one ledger file whose rows are in a merged file now.
-- takes: merged_files (ledger_id, path).
-- engine: duckdb
UPDATE ledger_files
SET path = m.path, is_part = true
FROM merged_files AS m
WHERE ledger_files.ledger_id = m.ledger_id
