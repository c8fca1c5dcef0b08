-- row: one kind of charge on one day: what a report needs of all keys and users together.
-- is_comparable: on a day of the month that is compared; is_compared: on one it is compared with.
-- ties: sum(cost_usd) = that of charges over the same days. Read once, asked many times.
-- engine: duckdb
SELECT
  charge_date, usage_date, project_id, project_name, provider, model, scope, operation, variant,
  service_tier, is_batch, context_class, meter, unit, pricing_status, bill_cause, is_provisional,
  charge_date >= $since AND charge_date < $until AS is_current,
  list_contains(CAST($comparable_days AS DATE[]), charge_date) AS is_comparable,
  list_contains(CAST($compared_days AS DATE[]), charge_date) AS is_compared,
  dearest_unit_price_usd, quantity, list_cost_usd, discount_usd, surcharge_usd, cost_usd, lines,
  unpriced_lines
FROM charge_sums
WHERE
  (
    (charge_date >= $previous_since AND charge_date < $until)
    OR (usage_date >= $since AND usage_date < $until)
  )
  -- no zone is further than a day from UTC: the files of all other days are passed over
  AND usage_date >= CAST($previous_since AS DATE) - 1
  AND usage_date <= CAST($until AS DATE)
