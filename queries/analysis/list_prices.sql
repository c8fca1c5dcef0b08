-- question: What did contracts and discounts take off the list price, and surcharges put on it?
-- row: one project and model that paid another price than the list's, the largest difference first;
--      the two are apart, never netted. What the provider's bill has beside usage is neither.
-- ties: list_cost_usd - discount_usd + surcharge_usd = cost_usd.
-- parameter: since DATE default month, first day (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
WITH priced AS (
  SELECT
    project_id, project_name, model, list_cost_usd, cost_usd,
    CASE
      WHEN contracted_unit_price_usd < list_unit_price_usd THEN list_cost_usd - cost_usd ELSE 0
    END AS discount_usd,
    CASE
      WHEN contracted_unit_price_usd > list_unit_price_usd THEN cost_usd - list_cost_usd ELSE 0
    END AS surcharge_usd
  FROM charges
  WHERE
    charge_date >= $since
    AND charge_date < $until
    AND contracted_unit_price_usd <> list_unit_price_usd
    AND bill_cause IS NULL
    AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
)

SELECT
  project_id,
  project_name,
  model,
  sum(list_cost_usd) AS list_cost_usd,
  CAST(sum(discount_usd) AS DECIMAL(38,24)) AS discount_usd,
  CAST(sum(surcharge_usd) AS DECIMAL(38,24)) AS surcharge_usd,
  sum(cost_usd) AS cost_usd
FROM priced
GROUP BY project_id, project_name, model
ORDER BY
  sum(discount_usd) + sum(surcharge_usd) DESC, project_id NULLS LAST, model NULLS LAST
