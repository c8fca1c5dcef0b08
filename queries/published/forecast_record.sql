-- row: one subject of forecasts and horizon, with how far those of ended periods were off.
-- engine: duckdb
-- view: How far the forecasts of a subject were off whose periods have ended, by how many days of
--   the period were known in full; as computed when forecasts were made last.
-- column subject_kind VARCHAR: project, budget or organization
-- column subject_id VARCHAR: Id of the project or budget; NULL: the organization, or the lines without
--   a project
-- column first_day INTEGER: So many days of the period were known in full, at least
-- column last_day INTEGER: So many days of the period were known in full, at most
-- column forecasts BIGINT: Forecasts compared, as a count
-- column filled_in BIGINT: Those that were made later, from what was known on their day, as a count
-- column error_percent DECIMAL(18,1): Half of them were off by no more than that, in percent of what
--   came
-- column with_interval BIGINT: Those with an interval, as a count
-- column within80 BIGINT: Those whose 80 % interval held what came, as a count
-- column within95 BIGINT: Those whose 95 % interval held what came, as a count
SELECT
  subject_kind, subject_id, first_day, last_day, forecasts, filled_in, error_percent, with_interval,
  within80, within95
FROM stored.forecast_record
