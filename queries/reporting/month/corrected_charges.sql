-- row: one row of period_charges, the days of the closed month before as they were closed.
-- ties: sum(cost_usd) = that of daily_costs without corrections, over the days of the month before.
-- engine: duckdb
WITH
-- what was posted for a day of the month before since it was closed
booked AS (
  SELECT
    -- the days of the provider's bill that the month has are as known now
    charge_date, least(usage_date, charge_date) AS usage_date, project_id, provider, model, scope,
    operation, variant, service_tier, is_batch, context_class, meter, unit, pricing_status,
    bill_cause,
    -sum(quantity) AS quantity, -sum(list_cost_usd) AS list_cost_usd, -sum(cost_usd) AS cost_usd
  FROM charge_postings
  WHERE charge_date >= $previous_since AND charge_date < $since AND reason = 'correction'
  GROUP BY ALL
)

SELECT
  charge_date, usage_date, project_id, max(project_name) AS project_name, provider, model, scope,
  operation, variant, service_tier, is_batch, context_class, meter, unit, pricing_status, bill_cause,
  is_provisional, is_current, is_comparable, is_compared,
  max(dearest_unit_price_usd) AS dearest_unit_price_usd,
  CAST(sum(quantity) AS DECIMAL(22,6)) AS quantity,
  CAST(sum(list_cost_usd) AS DECIMAL(38,24)) AS list_cost_usd,
  CAST(sum(discount_usd) AS DECIMAL(38,24)) AS discount_usd,
  CAST(sum(surcharge_usd) AS DECIMAL(38,24)) AS surcharge_usd,
  CAST(sum(cost_usd) AS DECIMAL(38,24)) AS cost_usd,
  -- what was taken away since was one line; what only came since is gone again
  CAST(greatest(sum(lines), 1) AS BIGINT) AS lines,
  CAST(
    CASE
      WHEN NOT bool_or(is_booked) THEN sum(unpriced_lines)
      WHEN pricing_status = 'unpriced' AND sum(quantity) <> 0 THEN greatest(sum(unpriced_lines), 1)
      ELSE 0
    END AS BIGINT
  ) AS unpriced_lines
FROM (
  SELECT *, FALSE AS is_booked
  FROM period_charges
  UNION ALL BY NAME
  SELECT
    *, FALSE AS is_provisional, FALSE AS is_current, FALSE AS is_comparable,
    list_contains(CAST($compared_days AS DATE[]), charge_date) AS is_compared,
    0 AS discount_usd, 0 AS surcharge_usd, 0 AS lines, 0 AS unpriced_lines, TRUE AS is_booked
  FROM booked
)
GROUP BY
  charge_date, usage_date, project_id, provider, model, scope, operation, variant, service_tier,
  is_batch, context_class, meter, unit, pricing_status, bill_cause, is_provisional, is_current,
  is_comparable, is_compared
HAVING NOT bool_or(is_booked) OR sum(quantity) <> 0 OR sum(cost_usd) <> 0
