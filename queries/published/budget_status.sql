-- row: one budget and period. is_lower_bound: unpriced usage is not in spent_usd.
-- engine: duckdb
-- view: One budget and period, as computed by the last run.
-- column budget_id VARCHAR: Id of the budget in tollbook.toml
-- column period_start_date DATE: First day of the period, the organization's calendar
-- column period_end_date DATE: First day after the period
-- column project_id VARCHAR: Project it is for; NULL: the whole organization
-- column model VARCHAR: Model it is for; NULL: every model
-- column scope VARCHAR: Scope it is for; NULL: every scope
-- column period_label VARCHAR: The period for people, such as November 2026
-- column period_calendar VARCHAR: day, week, month, quarter, year (with the first month of the
--   fiscal year where that is not January), or a range of days
-- column covers VARCHAR: What it is for, in words
-- column owner VARCHAR: Who answers for it; NULL: nobody is named
-- column amount_usd DECIMAL(38,24): What may be spent in the period, USD:
--   base_amount_usd + carried_usd
-- column base_amount_usd DECIMAL(38,24): The amount planned for the period, USD
-- column carried_usd DECIMAL(38,24): Carried over from the period before, USD: unused, or (negative)
--   overspent
-- column base_amount DECIMAL(38,24): The amount planned, in the budget's currency
-- column currency VARCHAR: Currency of base_amount; USD at the rate of the first day of the period
-- column spent_usd DECIMAL(38,24): Spent in the period so far, USD
-- column spent_ratio DECIMAL(38,6): spent_usd / amount_usd, rounded down: 0.8 means that 80 % is
--   reached
-- column is_lower_bound BOOLEAN: Whether some usage has no price, so that more was spent than
--   spent_usd
-- column unpriced_quantity DECIMAL(38,6): Quantity without a price, in mixed units
-- column forecast_usd DECIMAL(38,24): Expected spend of the whole period, USD; NULL where there is
--   too little to go by
-- column forecast_low_usd DECIMAL(38,24): Lower end of the forecast, USD
-- column forecast_high_usd DECIMAL(38,24): Upper end of the forecast, USD
-- column crossing_date DATE: Day on which the budget was or is expected to be used up; NULL: not in
--   this period
-- column thresholds INTEGER[]: Percentages at which an alert is raised, ascending
-- column state VARCHAR: ok, near (a threshold is passed) or over
SELECT
  budget_id, period_start_date, period_end_date, project_id, model, scope, period_label,
  period_calendar, covers, owner, amount_usd, coalesce(base_amount_usd, amount_usd) AS base_amount_usd,
  coalesce(carried_usd, 0) AS carried_usd, coalesce(base_amount, amount_usd) AS base_amount,
  coalesce(currency, 'USD') AS currency, spent_usd,
  spent_ratio, is_lower_bound, unpriced_quantity, forecast_usd, forecast_low_usd,
  forecast_high_usd, crossing_date, thresholds, state
FROM stored.budget_status
