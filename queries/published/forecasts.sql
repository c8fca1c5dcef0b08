-- row: one forecast, as it was made on a day for a subject and period.
-- engine: duckdb
-- view: One forecast of what a project, a budget or the organization will have spent at the end of a
--   period, as it was made on a day and never changed since. Estimates: no charge comes from them.
-- column subject_kind VARCHAR: project, budget or organization
-- column subject_id VARCHAR: Id of the project or budget; NULL: the organization, or the lines without
--   a project
-- column subject_name VARCHAR: Current name of the project; NULL where it is none, or not known
-- column period_start_date DATE: First day of the period, the organization's calendar
-- column period_end_date DATE: First day after the period
-- column made_date DATE: The organization's day on which it was made, by the business clock
-- column made_at TIMESTAMP: When it was made, UTC, by the business clock
-- column known_until_date DATE: The first day that was not known in full
-- column is_backfilled BOOLEAN: Whether it was made later, from what was known on its day
-- column forecast_usd DECIMAL(38,24): Expected spend of the whole period, USD; NULL: remark says why
-- column low80_usd DECIMAL(38,24): Lower end of the 80 % interval, USD; NULL where too few past errors
--   are known
-- column high80_usd DECIMAL(38,24): Upper end of the 80 % interval, USD
-- column low95_usd DECIMAL(38,24): Lower end of the 95 % interval, USD
-- column high95_usd DECIMAL(38,24): Upper end of the 95 % interval, USD
-- column spent_usd DECIMAL(38,24): Spent in the period, as known then, USD: a lower bound
-- column method VARCHAR: level (weekday index and level), last_week (its mean goes on: short history)
--   or sum (of the projects)
-- column history_days INTEGER: Days with cost before it
-- column remark VARCHAR: Why there is no forecast, or what is not in it
-- column amount_usd DECIMAL(38,24): Amount of the budget as it was then, USD
-- column exceeds_percent INTEGER: Chance that the amount is passed, in percent; 9 stands for less than
--   10, 91 for more than 90
-- column crossing_date DATE: Day on which the amount is expected to be used up; NULL where the chance
--   is below a half
-- column crossing_first_date DATE: The earliest such day, by the 80 % interval
-- column crossing_last_date DATE: The latest such day, by the 80 % interval
-- column left_out_projects INTEGER: Projects without a forecast of their own, as a count
-- column left_out_usd DECIMAL(38,24): What they count for in forecast_usd, USD
-- column run_rate_usd DECIMAL(38,24): What the mean day of the period would come to, USD
-- column seasonal_naive_usd DECIMAL(38,24): What the last week, repeated, would come to, USD
-- column run_id VARCHAR: Run that made it
SELECT
  f.subject_kind, f.subject_id, p.project_name AS subject_name, f.period_start_date,
  f.period_end_date, f.made_date, f.made_at, f.known_until_date, f.is_backfilled, f.forecast_usd,
  f.low80_usd, f.high80_usd, f.low95_usd, f.high95_usd, f.spent_usd, f.method, f.history_days,
  f.remark, f.amount_usd, f.exceeds_percent, f.crossing_date, f.crossing_first_date,
  f.crossing_last_date, f.left_out_projects, f.left_out_usd, f.run_rate_usd, f.seasonal_naive_usd,
  f.run_id
FROM stored.forecasts AS f
LEFT JOIN stored.projects AS p
  ON f.subject_kind = 'project' AND p.project_id = f.subject_id
