-- row: one threshold of a budget and period that its spend has reached.
-- engine: duckdb
-- view: On which day the spend of a budget's period first reached a threshold, as known now.
-- column budget_id VARCHAR: Id of the budget
-- column period_start_date DATE: First day of the period, the organization's calendar
-- column threshold_percent INTEGER: Threshold in percent; NULL where it is an amount
-- column threshold_usd DECIMAL(38,24): Threshold as an amount, USD; NULL where it is a percentage
-- column reached_at_usd DECIMAL(38,24): Spend at which it is reached, USD
-- column reached_date DATE: First day at whose end it was reached
SELECT
  budget_id, period_start_date, threshold_percent, threshold_usd, reached_at_usd, reached_date
FROM stored.budget_crossings
