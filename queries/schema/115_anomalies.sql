-- row: one incident: days on which a project cost far more or less than usual. Never deleted.
CREATE TABLE IF NOT EXISTS anomalies (
  incident_id       VARCHAR NOT NULL,
  kind              VARCHAR NOT NULL,         -- surge, silence, price_change, dip
  project_id        VARCHAR,                  -- NULL: the source does not say, or it is about many
  models            VARCHAR NOT NULL,         -- with commas between them
  first_date        DATE NOT NULL,
  last_date         DATE NOT NULL,            -- inclusive
  usual_usd         DECIMAL(38, 24) NOT NULL, -- of these days; an estimate, as the next
  excess_usd        DECIMAL(38, 24) NOT NULL, -- negative where cost is missing
  is_by_request     BOOLEAN NOT NULL,         -- each request cost more
  state             VARCHAR NOT NULL,         -- open, over, new level, expected, retracted
  level_since_date  DATE,                     -- since when it is what is usual
  since_at          TIMESTAMP,                -- UTC; when its first day passed the gate
  driver_dimension  VARCHAR,                  -- cache, service_tier, api_key, user, model
  driver_value      VARCHAR,
  driver_excess_usd DECIMAL(38, 24),
  found_at          TIMESTAMP NOT NULL,       -- UTC; by the first run that found it
  run_id            VARCHAR NOT NULL          -- the run that changed it last
)
