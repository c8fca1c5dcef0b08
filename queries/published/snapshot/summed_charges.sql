-- row: as charge_sums, from the view of charges: of snapshots that have no sums of them.
-- ties: sum(cost_usd) = that of charges over the same days.
-- engine: duckdb
SELECT
  usage_date, charge_date, project_id, max(project_name) AS project_name, provider, model, scope,
  operation, variant, service_tier, is_batch, context_class, meter, unit, pricing_status, bill_cause,
  coalesce(is_provisional, FALSE) AS is_provisional,
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
GROUP BY
  usage_date, charge_date, project_id, provider, model, scope, operation, variant, service_tier,
  is_batch, context_class, meter, unit, pricing_status, bill_cause, is_provisional
