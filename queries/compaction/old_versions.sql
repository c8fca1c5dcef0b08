-- row: one ledger row of a version of a bucket that was replaced before an instant. Not one of a
-- forgotten file, nor one that was in the figures with which a month was closed, nor of the newest
-- ledger file, whose number is not given again, nor of a file in an object store.
-- parameters: before TIMESTAMP.
-- engine: duckdb
SELECT e.ledger_id, e.row_number, e.replaced_at
FROM excluded_rows AS e
INNER JOIN ledger_files AS f ON f.ledger_id = e.ledger_id
WHERE
  f.is_bucket
  AND f.path NOT LIKE 'store:%'
  AND e.restored_at IS NULL
  AND e.reason IN ('superseded', 'restated')
  AND e.replaced_at < CAST($before AS TIMESTAMP)
  AND f.ledger_id < (SELECT max(ledger_id) FROM ledger_files)
  AND NOT EXISTS (
    FROM closed_periods AS p
    -- a UTC month and one of the organization's calendar differ by some hours
    WHERE p.closed_at < e.replaced_at
      AND f.usage_month_date BETWEEN p.period_start_date - INTERVAL 1 MONTH AND p.period_end_date
  )
