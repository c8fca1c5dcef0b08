-- row: one day (the organization's), project, model and scope, as it stood at an instant.
-- takes: as_of_usage and as_of_charges, the two views of that instant.
-- engine: duckdb
WITH used AS (
  SELECT
    charge_date, project_id, model, scope,
    sum(requests) AS requests,
    sum({{ input_meters | join(' + ') or '0' }}) AS input_tokens,
    sum({{ output_meters | join(' + ') or '0' }}) AS output_tokens
  FROM as_of_usage
  WHERE basis = 'charge'
  GROUP BY charge_date, project_id, model, scope
),

cost AS (
  SELECT
    charge_date, project_id, model, scope,
    sum(cost_usd) AS cost_usd,
    coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced'), 0) AS unpriced_quantity
  FROM as_of_charges
  GROUP BY charge_date, project_id, model, scope
),

both_sides AS (
  SELECT
    charge_date, CAST(NULL AS DATE) AS corrected_month_date, project_id, model, scope, requests,
    input_tokens, output_tokens, CAST(NULL AS DECIMAL(38, 24)) AS cost_usd, 0 AS unpriced_quantity,
    FALSE AS is_corrected
  FROM used
  UNION ALL
  SELECT
    charge_date, NULL, project_id, model, scope, 0, 0, 0, cost_usd, unpriced_quantity, FALSE
  FROM cost
  UNION ALL
  SELECT
    charge_date, NULL, project_id, model, scope, -requests, -input_tokens, -output_tokens, -cost_usd,
    -unpriced_quantity, TRUE
  FROM as_of_corrections
  UNION ALL
  SELECT
    booked_date, CAST(date_trunc('month', charge_date) AS DATE), project_id, model, scope, requests,
    input_tokens, output_tokens, cost_usd, unpriced_quantity, FALSE
  FROM as_of_corrections
)

SELECT
  b.charge_date, b.project_id, p.project_name, b.model, b.scope,
  CAST(sum(b.requests) AS BIGINT) AS requests,
  CAST(sum(b.input_tokens) AS BIGINT) AS input_tokens,
  CAST(sum(b.output_tokens) AS BIGINT) AS output_tokens,
  -- NULL, not 0, where nothing is priced
  CAST(sum(b.cost_usd) AS DECIMAL(38, 24)) AS cost_usd,
  CAST(sum(b.unpriced_quantity) AS DECIMAL(38, 6)) AS unpriced_quantity,
  CAST(NULL AS DECIMAL(38, 24)) AS long_context_doubt_usd,  -- not kept by instant
  b.corrected_month_date
FROM both_sides AS b
LEFT JOIN tollbook.main.projects AS p ON p.project_id = b.project_id
GROUP BY b.charge_date, b.project_id, p.project_name, b.model, b.scope, b.corrected_month_date
-- what only came after its month was closed is not of the closed day
HAVING
  NOT bool_or(b.is_corrected) OR sum(b.requests) <> 0 OR sum(b.input_tokens) <> 0
  OR sum(b.output_tokens) <> 0 OR coalesce(sum(b.cost_usd), 0) <> 0 OR sum(b.unpriced_quantity) <> 0
