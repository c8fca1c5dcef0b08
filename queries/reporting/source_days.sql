-- row: one a source and day (the organization's) of the month with usage records.
-- The range of usage_date only spares reading other months: no zone is a day or more from UTC.
-- engine: duckdb
SELECT
  source,
  charge_date,
  CAST(count(*) AS BIGINT) AS records
FROM usage
WHERE
  usage_date >= $usage_since AND usage_date < $usage_until
  AND charge_date >= $since AND charge_date < $until
GROUP BY source, charge_date
ORDER BY source, charge_date
