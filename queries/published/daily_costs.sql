-- row: one day (the organization's), project, model and scope; in closed months as it was closed.
-- ties: sum(cost_usd) = that of charges over the same days, while no month is closed; over all days
-- always.
-- engine: duckdb
-- view: One day (the organization's), project, model and scope. Days of a closed month stay as they
--   were closed; what came later is a row of its own in the open month, with corrected_month_date.
--   Ties: sum(cost_usd) = that of charges over the same days, as long as none of them is closed.
-- column charge_date DATE: The organization's day; of a correction, the day on which it was booked
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
-- column corrected_month_date DATE: First day of the closed month that the row corrects; NULL: it is
--   what was used on charge_date
WITH sums AS (
  SELECT
    charge_date, CAST(NULL AS DATE) AS corrected_month_date, project_id, model, scope, requests,
    input_tokens, output_tokens, cost_usd, unpriced_quantity,
    coalesce(long_context_doubt_usd, 0) AS long_context_doubt_usd,
    1 AS lines, CASE WHEN cost_usd IS NULL THEN 0 ELSE 1 END AS priced_lines
  FROM {{ daily_files }}
  UNION ALL
  -- a closed day stays as it was closed …
  SELECT
    charge_date, NULL, project_id, model, scope, -requests, -input_tokens, -output_tokens,
    -cost_usd, -unpriced_quantity, -long_context_doubt_usd, -lines, -priced_lines
  FROM stored.corrections
  WHERE moved_back_at IS NULL
  UNION ALL
  -- … and what came later is booked in the open month
  SELECT
    booked_date, CAST(date_trunc('month', charge_date) AS DATE), project_id, model, scope, requests,
    input_tokens, output_tokens, cost_usd, unpriced_quantity, long_context_doubt_usd, lines,
    priced_lines
  FROM stored.corrections
  WHERE moved_back_at IS NULL
)

SELECT
  d.charge_date, d.project_id, p.project_name, d.model, d.scope,
  CAST(sum(d.requests) AS BIGINT) AS requests,
  CAST(sum(d.input_tokens) AS BIGINT) AS input_tokens,
  CAST(sum(d.output_tokens) AS BIGINT) AS output_tokens,
  -- NULL, not 0, where nothing is priced
  CAST(
    CASE
      WHEN d.corrected_month_date IS NOT NULL OR sum(d.priced_lines) > 0 THEN sum(d.cost_usd)
    END AS DECIMAL(38, 24)
  ) AS cost_usd,
  CAST(sum(d.unpriced_quantity) AS DECIMAL(38, 6)) AS unpriced_quantity,
  CAST(sum(d.long_context_doubt_usd) AS DECIMAL(38, 24)) AS long_context_doubt_usd,
  d.corrected_month_date
FROM sums AS d
LEFT JOIN stored.projects AS p ON p.project_id = d.project_id
GROUP BY
  d.charge_date, d.project_id, p.project_name, d.model, d.scope, d.corrected_month_date
-- what only came after its month was closed is not of the closed day
HAVING d.corrected_month_date IS NOT NULL OR sum(d.lines) > 0
