-- row: one kind of charge on one day: what a report needs of all keys and users together.
-- is_comparable: on a day of the month that is compared; is_compared: on one it is compared with.
-- ties: sum(cost_usd) = that of charges over the same days. Read once, asked many times.
-- engine: duckdb
SELECT
  charge_date, usage_date, project_id, max(project_name) AS project_name, provider, model, scope,
  operation, variant, service_tier, is_batch, context_class, meter, unit, pricing_status, bill_cause,
  coalesce(is_provisional, FALSE) AS is_provisional,
  charge_date >= $since AND charge_date < $until AS is_current,
  list_contains(CAST($comparable_days AS DATE[]), charge_date) AS is_comparable,
  list_contains(CAST($compared_days AS DATE[]), charge_date) AS is_compared,
  max(contracted_unit_price_usd) AS dearest_unit_price_usd,
  CAST(sum(quantity) AS DECIMAL(22,6)) AS quantity,
  CAST(sum(list_cost_usd) AS DECIMAL(38,24)) AS list_cost_usd,
  -- against list, apart; what the provider billed is neither
  CAST(
    coalesce(
      sum(list_cost_usd - cost_usd) FILTER (
        WHERE bill_cause IS NULL AND contracted_unit_price_usd < list_unit_price_usd
      ),
      0
    ) AS DECIMAL(38,24)
  ) AS discount_usd,
  CAST(
    coalesce(
      sum(cost_usd - list_cost_usd) FILTER (
        WHERE bill_cause IS NULL AND contracted_unit_price_usd > list_unit_price_usd
      ),
      0
    ) AS DECIMAL(38,24)
  ) AS surcharge_usd,
  CAST(sum(cost_usd) AS DECIMAL(38,24)) AS cost_usd,
  CAST(count(*) AS BIGINT) AS lines,
  CAST(count(*) FILTER (WHERE pricing_status = 'unpriced' AND quantity <> 0) AS BIGINT)
    AS unpriced_lines
FROM charges
WHERE
  (
    (charge_date >= $previous_since AND charge_date < $until)
    OR (usage_date >= $since AND usage_date < $until)
  )
  -- no zone is further than a day from UTC: the files of all other days are passed over
  AND usage_date >= CAST($previous_since AS DATE) - 1
  AND usage_date <= CAST($until AS DATE)
GROUP BY
  charge_date, usage_date, project_id, provider, model, scope, operation, variant, service_tier,
  is_batch, context_class, meter, unit, pricing_status, bill_cause, is_provisional
