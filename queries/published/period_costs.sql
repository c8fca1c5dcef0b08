-- row: one month's statement, by the month that was used in, project, model and scope.
-- ties: sum(cost_usd) over all months = that of charges and of charge_postings over all days.
-- engine: duckdb
-- view: What the books of each month say, by project, model and scope: what was used in it, and
--   corrections of months closed before. A closed month never changes. Ties: sum(cost_usd) over all
--   months = that of charges and of charge_postings.
-- column period_date DATE: First day of the month in which it is booked
-- column period_state VARCHAR: closed or open
-- column corrected_month_date DATE: First day of the closed month that is corrected; NULL: what was
--   used in the month itself
-- column project_id VARCHAR: Id of the project; NULL where the source does not say
-- column project_name VARCHAR: Current name of the project; NULL where it is not known
-- column model VARCHAR: Id of the model as recorded; NULL: the provider did not say
-- column scope VARCHAR: models, fine_tuning, storage or tools
-- column requests BIGINT: Requests of charge sources, as a count
-- column input_tokens BIGINT: All input tokens of every kind, cached and cache writes included
-- column output_tokens BIGINT: All output tokens of every kind
-- column cost_usd DECIMAL(38,24): Cost, USD; NULL, not 0, where nothing is priced
-- column unpriced_quantity DECIMAL(38,6): Quantity without a price, in mixed units
SELECT
  CAST(date_trunc('month', d.charge_date) AS DATE) AS period_date,
  CASE WHEN max(o.open_from_date) > min(d.charge_date) THEN 'closed' ELSE 'open' END AS period_state,
  d.corrected_month_date, d.project_id, d.project_name, d.model, d.scope,
  CAST(sum(d.requests) AS BIGINT) AS requests,
  CAST(sum(d.input_tokens) AS BIGINT) AS input_tokens,
  CAST(sum(d.output_tokens) AS BIGINT) AS output_tokens,
  CAST(sum(d.cost_usd) AS DECIMAL(38, 24)) AS cost_usd,
  CAST(sum(d.unpriced_quantity) AS DECIMAL(38, 6)) AS unpriced_quantity
FROM daily_costs AS d
CROSS JOIN (
  SELECT max(period_end_date) AS open_from_date
  FROM stored.closed_periods
  WHERE reopened_at IS NULL
) AS o
GROUP BY
  date_trunc('month', d.charge_date), d.corrected_month_date, d.project_id, d.project_name, d.model,
  d.scope
