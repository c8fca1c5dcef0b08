-- row: one day of one source, from the first day of any source to the day of the run.
-- engine: duckdb
-- view: One day of one source, and whether the source has covered it to its end. What is compared
--   are days that are complete in every source that decides. Costs of a source have rows of their
--   own.
-- column calendar_date DATE: The day, of the organization and of UTC: see state and utc_state
-- column source VARCHAR: Name of the source in tollbook.toml
-- column covers VARCHAR: usage or costs
-- column role VARCHAR: charge, detail, costs, or set aside (not enabled, or not configured any more)
-- column state VARCHAR: complete, late (in progress, or over since yesterday), missing or before the
--   start: whether the source has covered the organization's day
-- column utc_state VARCHAR: The same of the UTC day of this date
-- column is_decisive BOOLEAN: Whether the source decides if the day is complete: it charges usage; or
--   it brings costs, where no source charges usage
-- column is_day_complete BOOLEAN: Whether the organization's day is complete: no source that decides
--   is late or missing, and one is complete
-- column covered_until_at TIMESTAMP: How far the source has come, exclusive, UTC; NULL: nothing yet
SELECT
  calendar_date, source, covers, role, state, utc_state, is_decisive, is_day_complete,
  covered_until_at
FROM stored.calendar
