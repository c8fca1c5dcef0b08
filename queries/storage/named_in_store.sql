-- row: one file in the object store of the ledger that a table names, as it is named.
-- engine: duckdb
SELECT DISTINCT path FROM ledger_files WHERE path LIKE 'store:%' ORDER BY path
