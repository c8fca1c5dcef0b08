-- row: one ledger file that is in another file now, with fewer rows.
-- takes: rewritten_files (ledger_id, path, rows).
-- engine: duckdb
UPDATE ledger_files
SET path = r.path, rows = r.rows, is_part = true
FROM rewritten_files AS r
WHERE ledger_files.ledger_id = r.ledger_id
