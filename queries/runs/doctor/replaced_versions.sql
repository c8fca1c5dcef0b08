-- row: one: the rows of the ledger, those of them that are of replaced versions of buckets, and the
-- replaced lines of provider costs.
-- engine: duckdb
SELECT
  (SELECT CAST(coalesce(sum(rows), 0) AS BIGINT) FROM ledger_files) AS ledger_rows,
  (
    SELECT count(*)
    FROM excluded_rows AS e
    INNER JOIN ledger_files AS f ON f.ledger_id = e.ledger_id
    WHERE f.is_bucket AND e.restored_at IS NULL AND e.reason IN ('superseded', 'restated')
  ) AS replaced_rows,
  (SELECT count(*) FROM provider_costs WHERE replaced_at IS NOT NULL) AS replaced_lines
