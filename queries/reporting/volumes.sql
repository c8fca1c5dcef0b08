-- row: one a project, model and scope used in the month: requests and tokens.
-- engine: duckdb
SELECT
  project_id,
  model,
  scope,
  CAST(coalesce(sum(requests), 0) AS BIGINT) AS requests,
  CAST(coalesce(sum(input_tokens), 0) AS BIGINT) AS input_tokens,
  CAST(coalesce(sum(output_tokens), 0) AS BIGINT) AS output_tokens
FROM daily_costs
WHERE charge_date >= $since AND charge_date < $until AND corrected_month_date IS NULL
GROUP BY project_id, model, scope
ORDER BY project_id NULLS LAST, model NULLS LAST, scope NULLS LAST
