-- row: one project and line item whose gap on the chosen days is above $tolerance, up or down, the
-- largest first; lag, complimentary tokens and credits do not count.
-- The cause is the largest of those that count.
-- engine: duckdb
WITH lines AS (
  SELECT
    project_id, project_name, line_item, usage_date, charges_usd, costs_usd, counted_gap_usd,
    price_usd, quantity_usd, unpriced_usd, unknown_line_item_usd, storage_and_tools_usd,
    no_usage_usd, no_costs_usd, unexplained_usd
  FROM reconciliation
  WHERE
    counted_gap_usd <> 0
    AND ($since IS NULL OR usage_date >= CAST($since AS DATE))
    AND ($until IS NULL OR usage_date < CAST($until AS DATE))
    AND ($project IS NULL OR project_id = CAST($project AS VARCHAR))
),

items AS (
  SELECT
    project_id, max(project_name) AS project_name, line_item,
    sum(charges_usd) AS charges_usd,
    sum(costs_usd) AS costs_usd,
    coalesce(sum(counted_gap_usd) FILTER (WHERE counted_gap_usd > 0), 0) AS up_usd,
    coalesce(sum(counted_gap_usd) FILTER (WHERE counted_gap_usd < 0), 0) AS down_usd,
    sum(counted_gap_usd) AS gap_usd,
    sum(abs(price_usd)) AS price_usd,
    sum(abs(quantity_usd)) AS quantity_usd,
    sum(abs(unpriced_usd)) AS unpriced_usd,
    sum(abs(unknown_line_item_usd)) AS unknown_line_item_usd,
    sum(abs(storage_and_tools_usd)) AS storage_and_tools_usd,
    sum(abs(no_usage_usd)) AS no_usage_usd,
    sum(abs(no_costs_usd)) AS no_costs_usd,
    sum(abs(unexplained_usd)) AS unexplained_usd,
    count(DISTINCT usage_date) AS days,
    min(usage_date) AS first_usage_date,
    max(usage_date) AS last_usage_date
  FROM lines
  GROUP BY project_id, line_item
)

SELECT
  project_id,
  project_name,
  line_item,
  CAST(charges_usd AS DECIMAL(38, 24)) AS charges_usd,
  CAST(costs_usd AS DECIMAL(38, 24)) AS costs_usd,
  CAST(up_usd AS DECIMAL(38, 24)) AS up_usd,
  CAST(down_usd AS DECIMAL(38, 24)) AS down_usd,
  CAST(gap_usd AS DECIMAL(38, 24)) AS gap_usd,
  CASE
    greatest(
      price_usd, quantity_usd, unpriced_usd, unknown_line_item_usd, storage_and_tools_usd,
      no_usage_usd, no_costs_usd, unexplained_usd
    )
    WHEN price_usd THEN 'price'
    WHEN quantity_usd THEN 'quantity'
    WHEN unpriced_usd THEN 'unpriced'
    WHEN unknown_line_item_usd THEN 'unknown_line_item'
    WHEN storage_and_tools_usd THEN 'storage_and_tools'
    WHEN no_usage_usd THEN 'no_usage'
    WHEN no_costs_usd THEN 'no_costs'
    ELSE 'unexplained'
  END AS cause,
  days,
  first_usage_date,
  last_usage_date
FROM items
WHERE greatest(up_usd, -down_usd) > CAST($tolerance AS DECIMAL(38, 24))
ORDER BY
  greatest(up_usd, -down_usd) DESC, project_id NULLS LAST, line_item NULLS LAST
