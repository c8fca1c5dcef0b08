-- row: one project, line item and UTC day that a gate with $tolerance counts, the largest first.
SELECT
  usage_date, project_id, project_name, line_item, cause, charges_usd, costs_usd, counted_gap_usd
FROM reconciliation
WHERE
  abs(counted_gap_usd) > CAST($tolerance AS DECIMAL(38, 24))
  AND ($since IS NULL OR usage_date >= CAST($since AS DATE))
  AND ($until IS NULL OR usage_date < CAST($until AS DATE))
  AND ($project IS NULL OR project_id = CAST($project AS VARCHAR))
ORDER BY
  abs(counted_gap_usd) DESC, usage_date, project_id NULLS LAST, line_item NULLS LAST, model
