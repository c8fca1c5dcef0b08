-- row: one thing that happened to one alert: it was raised, followed, acknowledged, resolved ….
CREATE TABLE IF NOT EXISTS alert_events (
  alert_id    VARCHAR NOT NULL,
  happened_at TIMESTAMP NOT NULL, -- UTC
  event       VARCHAR NOT NULL,    -- a transition: raise, escalate, acknowledge, resolve …
  who         VARCHAR,             -- the person, where it was one
  note        VARCHAR,
  message_id  VARCHAR              -- the message that told of it; NULL: nobody was told
)
