-- row: one UTC day that has charges: the files of its charges, rated from usage and as billed.
-- engine: duckdb
SELECT
  d.usage_date, d.book_id, d.charge_path, d.daily_path, d.first_posted_at, d.is_pinned,
  b.charge_path AS billed_charge_path, b.daily_path AS billed_daily_path
FROM charge_days AS d
LEFT JOIN bill_days AS b ON b.usage_date = d.usage_date
ORDER BY d.usage_date
