-- row: one UTC day whose charges are not the sum of its postings.
-- gives: place (what is at fault), finding (what is wrong with it).
-- takes: day_charges, day_postings (usage_date, quantity, list_cost_usd, cost_usd).
-- engine: duckdb
WITH charged AS (
  SELECT
    usage_date, sum(quantity) AS quantity, coalesce(sum(cost_usd), 0) AS cost_usd,
    coalesce(sum(list_cost_usd), 0) AS list_cost_usd
  FROM day_charges
  GROUP BY usage_date
),

posted AS (
  SELECT
    usage_date, sum(quantity) AS quantity, coalesce(sum(cost_usd), 0) AS cost_usd,
    coalesce(sum(list_cost_usd), 0) AS list_cost_usd
  FROM day_postings
  GROUP BY usage_date
)

SELECT
  CAST(coalesce(c.usage_date, p.usage_date) AS VARCHAR) AS place,
  format(
    'its charges are {} USD (quantity {}), the sum of its postings is {} USD (quantity {})',
    CAST(coalesce(c.cost_usd, 0) AS VARCHAR), CAST(coalesce(c.quantity, 0) AS VARCHAR),
    CAST(coalesce(p.cost_usd, 0) AS VARCHAR), CAST(coalesce(p.quantity, 0) AS VARCHAR)
  ) AS finding
FROM charged AS c
FULL JOIN posted AS p ON p.usage_date = c.usage_date
WHERE
  coalesce(c.quantity, 0) <> coalesce(p.quantity, 0)
  OR coalesce(c.cost_usd, 0) <> coalesce(p.cost_usd, 0)
  OR coalesce(c.list_cost_usd, 0) <> coalesce(p.list_cost_usd, 0)
ORDER BY place
