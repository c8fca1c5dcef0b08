-- row: one project, line item and UTC day whose gap is above $tolerance, the largest first.
-- What cannot be compared for its currency is there, too, last.
-- engine: duckdb
SELECT
  usage_date,
  project_id,
  project_name,
  line_item,
  cause,
  state,
  charges_usd,
  costs_usd,
  gap_usd,
  counted_gap_usd,
  charged_quantity,
  billed_quantity,
  model,
  other_currency
FROM reconciliation
WHERE
  (abs(gap_usd) > CAST($tolerance AS DECIMAL(38, 24)) OR other_currency IS NOT NULL)
  AND ($since IS NULL OR usage_date >= CAST($since AS DATE))
  AND ($until IS NULL OR usage_date < CAST($until AS DATE))
  AND ($project IS NULL OR project_id = CAST($project AS VARCHAR))
ORDER BY
  abs(gap_usd) DESC NULLS LAST, usage_date, project_id NULLS LAST, line_item NULLS LAST, model
