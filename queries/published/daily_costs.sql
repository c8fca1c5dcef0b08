-- row: one day (the organization's), project, model and scope.
-- ties: sum(cost_usd) = that of charges over the same days.
-- engine: duckdb
SELECT
  d.charge_date, d.project_id, p.project_name, d.model, d.scope,
  CAST(sum(d.requests) AS BIGINT) AS requests,
  CAST(sum(d.input_tokens) AS BIGINT) AS input_tokens,
  CAST(sum(d.output_tokens) AS BIGINT) AS output_tokens,
  CAST(sum(d.cost_usd) AS DECIMAL(38, 24)) AS cost_usd,  -- NULL, not 0, where nothing is priced
  CAST(sum(d.unpriced_quantity) AS DECIMAL(38, 6)) AS unpriced_quantity,
  CAST(coalesce(sum(d.long_context_doubt_usd), 0) AS DECIMAL(38, 24)) AS long_context_doubt_usd
FROM {{ daily_files }} AS d
LEFT JOIN stored.projects AS p ON p.project_id = d.project_id
GROUP BY d.charge_date, d.project_id, p.project_name, d.model, d.scope
