-- row: one run, from the moment it ended; a failed one is recorded without anything else.
CREATE TABLE runs (
  run_id      VARCHAR PRIMARY KEY,
  started_at  TIMESTAMP NOT NULL,
  finished_at TIMESTAMP NOT NULL,
  now_at      TIMESTAMP NOT NULL,
  verb        VARCHAR NOT NULL,
  outcome     VARCHAR NOT NULL,
  rows_read   BIGINT NOT NULL,
  accepted    BIGINT NOT NULL,
  duplicate   BIGINT NOT NULL,
  superseded  BIGINT NOT NULL,
  quarantined BIGINT NOT NULL,
  not_usage   BIGINT NOT NULL,
  message     VARCHAR
)
