-- question: Which models cost most, and what do a thousand requests or a million tokens come to?
-- row: one model and scope, the most expensive first.
-- ties: sum(cost_usd) = that of charges over the same days, while none of them is closed.
-- parameter: since DATE default month, first day (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
WITH models AS (
  SELECT
    model,
    scope,
    CAST(sum(requests) AS BIGINT) AS requests,
    CAST(sum(input_tokens) AS BIGINT) AS input_tokens,
    CAST(sum(output_tokens) AS BIGINT) AS output_tokens,
    sum(cost_usd) AS cost_usd,
    coalesce(sum(unpriced_quantity), 0) AS unpriced_quantity
  FROM daily_costs
  WHERE
    charge_date >= $since
    AND charge_date < $until
    AND corrected_month_date IS NULL
    AND (CAST($project AS VARCHAR) IS NULL OR project_id = $project)
  GROUP BY model, scope
),

in_micro_usd AS (
  SELECT
    model,
    scope,
    requests,
    input_tokens,
    output_tokens,
    cost_usd,
    CAST(CAST(cost_usd AS DECIMAL(38,6)) * 1000000 AS HUGEINT) AS cost_micro_usd,
    CAST(CAST(sum(cost_usd) OVER () AS DECIMAL(38,6)) * 1000000 AS HUGEINT) AS total_micro_usd,
    unpriced_quantity
  FROM models
)

SELECT
  model,
  scope,
  requests,
  input_tokens,
  output_tokens,
  cost_usd,
  CAST(cost_micro_usd * 10000 // nullif(total_micro_usd, 0) AS BIGINT) AS share_basis_points,
  -- What is partly without a price has no average.
  CASE
    WHEN unpriced_quantity = 0
      THEN CAST(cost_micro_usd * 1000 // nullif(requests, 0) AS BIGINT)
  END AS micro_usd_per_1000_requests,
  CASE
    WHEN unpriced_quantity = 0
      THEN CAST(cost_micro_usd * 1000000 // nullif(input_tokens + output_tokens, 0) AS BIGINT)
  END AS micro_usd_per_1000000_tokens,
  unpriced_quantity
FROM in_micro_usd
ORDER BY cost_usd DESC NULLS LAST, model NULLS LAST, scope NULLS LAST
