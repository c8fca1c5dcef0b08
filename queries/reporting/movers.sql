-- row: one a project, model and line kind with an amount, on the days of the month that are
--      compared, and on those they are compared with; is_of_bill: what the provider's bill has
--      beside what is computed from usage, or for usage without a price.
-- ties: sum(cost_usd) - sum(compared_cost_usd) = the change of the total.
-- engine: duckdb
WITH windowed AS (
  SELECT
    project_id, provider, model, scope, operation, variant, service_tier, is_batch,
    context_class, meter, unit, quantity, cost_usd,
    bill_cause IS NOT NULL AS is_of_bill, is_comparable, is_compared
  FROM period_charges
  WHERE
    (is_comparable OR is_compared)
    AND pricing_status <> 'unpriced' AND cost_usd IS NOT NULL
)
SELECT
  project_id,
  model,
  is_of_bill,
  CAST(coalesce(sum(quantity) FILTER (WHERE is_comparable), 0) AS DECIMAL(22,6)) AS quantity,
  CAST(coalesce(sum(cost_usd) FILTER (WHERE is_comparable), 0) AS DECIMAL(38,24)) AS cost_usd,
  CAST(coalesce(sum(quantity) FILTER (WHERE is_compared), 0) AS DECIMAL(22,6))
    AS compared_quantity,
  CAST(coalesce(sum(cost_usd) FILTER (WHERE is_compared), 0) AS DECIMAL(38,24))
    AS compared_cost_usd
FROM windowed
GROUP BY
  project_id, provider, model, scope, operation, variant, service_tier, is_batch,
  context_class, meter, unit, is_of_bill
ORDER BY project_id NULLS LAST, model NULLS LAST, is_of_bill
