-- row: one project, line item and UTC day that a gate with $tolerance counts, the largest first.
-- The cause is the largest of those that count.
-- engine: duckdb
SELECT
  usage_date,
  project_id,
  project_name,
  line_item,
  CASE
    greatest(
      abs(price_usd), abs(quantity_usd), abs(unpriced_usd), abs(unknown_line_item_usd),
      abs(storage_and_tools_usd), abs(no_usage_usd), abs(no_costs_usd), abs(unexplained_usd)
    )
    WHEN abs(price_usd) THEN 'price'
    WHEN abs(quantity_usd) THEN 'quantity'
    WHEN abs(unpriced_usd) THEN 'unpriced'
    WHEN abs(unknown_line_item_usd) THEN 'unknown_line_item'
    WHEN abs(storage_and_tools_usd) THEN 'storage_and_tools'
    WHEN abs(no_usage_usd) THEN 'no_usage'
    WHEN abs(no_costs_usd) THEN 'no_costs'
    ELSE 'unexplained'
  END AS counted_cause,
  charges_usd,
  costs_usd,
  counted_gap_usd
FROM reconciliation
WHERE
  abs(counted_gap_usd) > CAST($tolerance AS DECIMAL(38, 24))
  AND ($since IS NULL OR usage_date >= CAST($since AS DATE))
  AND ($until IS NULL OR usage_date < CAST($until AS DATE))
  AND ($project IS NULL OR project_id = CAST($project AS VARCHAR))
ORDER BY
  abs(counted_gap_usd) DESC, usage_date, project_id NULLS LAST, line_item NULLS LAST, model
