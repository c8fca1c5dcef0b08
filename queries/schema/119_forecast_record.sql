-- row: one subject of forecasts and horizon, with how far those of ended periods were off, as computed
--      when forecasts were made last.
CREATE TABLE IF NOT EXISTS forecast_record (
  subject_kind   VARCHAR NOT NULL,        -- project, budget or organization
  subject_id     VARCHAR,                 -- NULL: the organization, or lines without a project
  first_day      INTEGER NOT NULL,        -- so many days of the period were known in full, at least
  last_day       INTEGER NOT NULL,        -- at most
  forecasts      BIGINT NOT NULL,
  filled_in      BIGINT NOT NULL,         -- of them, made later from what was known then
  error_percent  DECIMAL(18,1) NOT NULL,  -- half of them were off by no more than that
  with_interval  BIGINT NOT NULL,
  within80       BIGINT,                  -- of those with an interval
  within95       BIGINT
)
