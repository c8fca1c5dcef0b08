-- row: one stored file that a table names, relative to the storage root; none in an object store.
-- engine: duckdb
SELECT path FROM ledger_files WHERE path NOT LIKE 'store:%'
UNION
SELECT sums_path FROM ledger_files WHERE sums_path IS NOT NULL
UNION
SELECT coalesce(stored_in, path) AS path FROM posting_files
UNION
SELECT charge_path FROM charge_days
UNION
SELECT daily_path FROM charge_days
UNION
SELECT charge_path FROM bill_days WHERE charge_path IS NOT NULL
UNION
SELECT daily_path FROM bill_days WHERE daily_path IS NOT NULL
UNION
SELECT path FROM minute_days
ORDER BY path
