-- row: one endpoint that one run asked the provider's API for. Never deleted. The newest one of a
-- source and endpoint says what of it is fetched without a hole: known_since_at to known_until_at.
CREATE TABLE fetches (
  run_id            VARCHAR NOT NULL,
  source            VARCHAR NOT NULL,
  endpoint          VARCHAR NOT NULL,    -- completions, …, costs; completions-1m: its minutes
  bucket_width      VARCHAR NOT NULL,    -- 1m, 1h, 1d
  fetched_at        TIMESTAMP NOT NULL,  -- UTC
  since_at          TIMESTAMP NOT NULL,  -- what was asked for, half-open
  until_at          TIMESTAMP NOT NULL,
  complete_until_at TIMESTAMP,           -- what came of it, from since_at on; NULL: nothing
  known_since_at    TIMESTAMP,           -- NULL: nothing is fetched yet
  known_until_at    TIMESTAMP,
  outcome           VARCHAR NOT NULL,    -- complete, absent, refused, failed
  group_by          VARCHAR[] NOT NULL,  -- what the server would group by
  pages             BIGINT NOT NULL,
  rows              BIGINT NOT NULL,     -- result rows in them
  message           VARCHAR              -- what went wrong
)
