-- row: how many files with few rows there are, of the ledger and of postings.
-- parameters: rows (fewer of them are few).
-- engine: duckdb
SELECT
  (
    SELECT count(*)
    FROM (
      SELECT path
      FROM ledger_files
      WHERE path NOT LIKE 'store:%'
      GROUP BY path
      HAVING sum(rows) < $rows
    )
  ) AS ledger_files,
  (
    SELECT count(*)
    FROM (
      SELECT coalesce(stored_in, path) AS file
      FROM posting_files
      GROUP BY file
      HAVING sum(rows) < $rows
    )
  ) AS posting_files
