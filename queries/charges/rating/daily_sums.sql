-- row: one UTC day, organization's day, project, model and scope: requests, tokens and cost.
-- takes: quantities, charge_lines, context_doubts. cost_usd is NULL, not 0, where nothing is priced.
-- engine: any
WITH used AS (
  SELECT
    usage_date, charge_date, project_id, model, scope,
    CAST(sum(requests) AS BIGINT) AS requests,
    CAST(sum({{ input_meters | join(' + ') or '0' }}) AS BIGINT) AS input_tokens,
    CAST(sum({{ output_meters | join(' + ') or '0' }}) AS BIGINT) AS output_tokens
  FROM quantities
  GROUP BY usage_date, charge_date, project_id, model, scope
),

cost AS (
  SELECT
    usage_date, charge_date, project_id, model, scope,
    CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd,
    CAST(coalesce(sum(quantity) FILTER (WHERE pricing_status = 'unpriced'), 0) AS DECIMAL(38, 6))
      AS unpriced_quantity
  FROM charge_lines
  GROUP BY usage_date, charge_date, project_id, model, scope
),

both_sides AS (
  SELECT
    usage_date, charge_date, project_id, model, scope, requests, input_tokens, output_tokens,
    CAST(NULL AS DECIMAL(38, 24)) AS cost_usd, CAST(0 AS DECIMAL(38, 6)) AS unpriced_quantity,
    CAST(0 AS DECIMAL(38, 24)) AS long_context_doubt_usd
  FROM used
  UNION ALL
  SELECT
    usage_date, charge_date, project_id, model, scope, CAST(0 AS BIGINT) AS requests,
    CAST(0 AS BIGINT) AS input_tokens, CAST(0 AS BIGINT) AS output_tokens, cost_usd,
    unpriced_quantity, CAST(0 AS DECIMAL(38, 24)) AS long_context_doubt_usd
  FROM cost
  UNION ALL
  SELECT
    usage_date, charge_date, project_id, model, scope, CAST(0 AS BIGINT) AS requests,
    CAST(0 AS BIGINT) AS input_tokens, CAST(0 AS BIGINT) AS output_tokens,
    CAST(NULL AS DECIMAL(38, 24)) AS cost_usd, CAST(0 AS DECIMAL(38, 6)) AS unpriced_quantity,
    long_context_doubt_usd
  FROM context_doubts
)

SELECT
  usage_date, charge_date, project_id, model, scope,
  CAST(sum(requests) AS BIGINT) AS requests,
  CAST(sum(input_tokens) AS BIGINT) AS input_tokens,
  CAST(sum(output_tokens) AS BIGINT) AS output_tokens,
  CAST(sum(cost_usd) AS DECIMAL(38, 24)) AS cost_usd,
  CAST(sum(unpriced_quantity) AS DECIMAL(38, 6)) AS unpriced_quantity,
  CAST(sum(long_context_doubt_usd) AS DECIMAL(38, 24)) AS long_context_doubt_usd
FROM both_sides
GROUP BY usage_date, charge_date, project_id, model, scope
