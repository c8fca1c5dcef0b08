-- row: one meter of one model that we charge on a UTC day to a project, tiers and keys summed.
-- takes: day_charges, the charge files of the days; $providers, those with a bill. What is charged as billed keeps its line item.
-- ties: sum(cost_usd) = that of charges over the same days.
-- engine: duckdb
SELECT
  usage_date,
  provider,
  organization_id,
  project_id,
  model,
  meter,
  CASE WHEN pricing_status = 'billed' THEN variant END AS billed_item,
  CAST(sum(quantity) AS DECIMAL(38, 6)) AS quantity,
  CAST(coalesce(sum(cost_usd), 0) AS DECIMAL(38, 24)) AS cost_usd,
  CAST(coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced'), 0) AS DECIMAL(38, 6))
    AS unpriced_quantity,
  CASE
    WHEN min(contracted_unit_price_usd) = max(contracted_unit_price_usd)
      THEN min(contracted_unit_price_usd)
  END AS unit_price_usd
FROM day_charges
WHERE list_contains($providers, provider) AND meter <> 'requests'  -- those that used nothing
GROUP BY
  usage_date,
  provider,
  organization_id,
  project_id,
  model,
  meter,
  CASE WHEN pricing_status = 'billed' THEN variant END
