-- row: one line item on a provider's bill for a UTC day and project, by currency and unit.
-- Amounts below zero are credits; what costs nothing though it has a quantity is complimentary.
-- engine: duckdb
SELECT
  usage_date,
  provider,
  organization_id,
  project_id,
  line_item,
  item,
  currency,
  CAST(coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS DECIMAL(38, 24)) AS amount,
  CAST(coalesce(sum(amount) FILTER (WHERE amount < 0), 0) AS DECIMAL(38, 24)) AS credits,
  CASE
    WHEN bool_or(quantity IS NULL AND amount > 0) THEN NULL
    ELSE CAST(coalesce(sum(quantity) FILTER (WHERE amount >= 0), 0) AS DECIMAL(38, 6))
  END AS quantity,
  CAST(coalesce(sum(quantity) FILTER (WHERE amount = 0), 0) AS DECIMAL(38, 6)) AS free_quantity
FROM provider_costs
WHERE replaced_at IS NULL AND list_contains(CAST($days AS DATE[]), usage_date)
GROUP BY
  usage_date, provider, organization_id, project_id, line_item, item, currency, quantity_unit
