-- row: what was done about one alert since it was raised, and how it stands since.
CREATE TABLE IF NOT EXISTS alert_followups (
  alert_id          VARCHAR NOT NULL,
  project_id        VARCHAR,            -- the project it is about; NULL: no single one
  notified_at       TIMESTAMP,          -- UTC; of the last message about it
  notified_spent_usd DECIMAL(38,24),    -- the spend that the last message spoke of
  current_message   VARCHAR,            -- how it stands now, in words
  current_spent_usd DECIMAL(38,24),
  no_data_since_at  TIMESTAMP,          -- UTC; since when nothing is known of it; NULL: it is known
  acknowledged_at   TIMESTAMP,          -- UTC
  acknowledged_by   VARCHAR,
  note              VARCHAR,            -- what who acknowledged it wrote
  escalated_at      TIMESTAMP           -- UTC
)
