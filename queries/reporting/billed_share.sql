-- row: one part of the month's charges: charged by a settled bill or an estimate, and what the bill
--      has beside what is computed, by cause.
-- ties: sum(cost_usd) = that of charges over the same days.
-- engine: duckdb
SELECT
  b.usage_date IS NOT NULL AS is_billed,
  c.bill_cause,
  CAST(coalesce(sum(c.cost_usd), 0) AS DECIMAL(38,24)) AS cost_usd
FROM period_charges AS c
LEFT JOIN (
  SELECT usage_date, provider FROM bill_days GROUP BY usage_date, provider HAVING bool_and(is_settled)
) AS b
  ON b.usage_date = c.usage_date AND b.provider = c.provider
WHERE c.charge_date >= $since AND c.charge_date < $until
GROUP BY b.usage_date IS NOT NULL, c.bill_cause
ORDER BY is_billed, abs(coalesce(sum(c.cost_usd), 0)) DESC, c.bill_cause
