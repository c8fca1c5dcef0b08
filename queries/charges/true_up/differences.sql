-- row: one posting: by how much a line that a day's bill adds differs from what is posted of it.
-- takes: bill_lines, posted_bill_lines (both CHARGE_SCHEMA).
-- engine: any
WITH both_sides AS (
  SELECT
    {{ charge_key | columns }}, quantity, list_cost_usd, cost_usd
  FROM bill_lines

  UNION ALL

  SELECT
    {{ charge_key | columns }}, -quantity, -list_cost_usd, -cost_usd
  FROM posted_bill_lines
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
)

SELECT
  {{ charge_columns | without('requests') | columns }}, CAST(NULL AS BIGINT) AS requests
FROM difference
