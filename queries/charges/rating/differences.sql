-- row: one posting: by how much a charge differs from what is posted, and why.
-- takes: charge_lines, posted_charges, compared_days (usage_date, changed_reason): the posted days
-- that are looked at.
-- engine: any
WITH both_sides AS (
  SELECT
    {{ charge_key | columns }}, quantity, list_cost_usd, cost_usd
  FROM charge_lines
  WHERE usage_date IN (SELECT usage_date FROM compared_days)

  UNION ALL

  SELECT
    {{ charge_key | columns }}, -quantity, -list_cost_usd, -cost_usd
  FROM posted_charges
),

difference AS (
  SELECT
    {{ charge_key | columns }}, CAST(sum(quantity) AS DECIMAL(22, 6)) AS quantity,
    CAST(sum(list_cost_usd) AS DECIMAL(38, 24)) AS list_cost_usd,
    CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd
  FROM both_sides
  GROUP BY {{ charge_key | columns }}
  HAVING sum(quantity) <> 0 OR coalesce(sum(cost_usd), 0) <> 0
    OR coalesce(sum(list_cost_usd), 0) <> 0
),

moved AS (
  SELECT
    {{ charge_key | columns }}, quantity, list_cost_usd, cost_usd,
    -- the same quantity at another price nets to zero over the prices
    sum(quantity) OVER (
      PARTITION BY {{ usage_dimensions | columns }}, meter
    ) AS net_quantity
  FROM difference
)

SELECT
  {{ charge_columns | without('requests') | columns('m') }}, CAST(NULL AS BIGINT) AS requests,
  CASE
    WHEN m.net_quantity = 0 AND m.pricing_status <> 'billed' THEN 'rerate'
    ELSE d.changed_reason
  END AS reason
FROM moved AS m
INNER JOIN compared_days AS d ON d.usage_date = m.usage_date
