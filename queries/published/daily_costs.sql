-- row: one day (the organization's), project, model and scope.
-- ties: sum(cost_usd) = that of charges over the same days.
-- engine: duckdb
-- view: One day (the organization's), project, model and scope. Ties: sum(cost_usd) = that of
--   charges over the same days.
-- column charge_date DATE: The organization's day
-- column project_id VARCHAR: Id of the project; NULL where the source does not say
-- column project_name VARCHAR: Current name of the project; NULL where it is not known
-- column model VARCHAR: Id of the model as recorded; NULL: the provider did not say
-- column scope VARCHAR: models, fine_tuning, storage or tools
-- column requests BIGINT: Requests of charge sources, as a count
-- column input_tokens BIGINT: All input tokens of every kind, cached and cache writes included
-- column output_tokens BIGINT: All output tokens of every kind
-- column cost_usd DECIMAL(38,24): Cost, USD; NULL, not 0, where nothing is priced; a lower bound
--   where unpriced_quantity is not 0
-- column unpriced_quantity DECIMAL(38,6): Quantity without a price, in mixed units; 0 where
--   everything is priced
-- column long_context_doubt_usd DECIMAL(38,24): How much more cost_usd may be at most, USD: rows
--   that sum several requests may hold long ones; NULL where it is not known
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
