-- row: one UTC day that has charges, and the version of tollbook that rated it last.
-- engine: duckdb
SELECT d.usage_date, r.tollbook_version
FROM charge_days AS d
LEFT JOIN runs AS r ON r.run_id = d.run_id
