-- row: one rejected input row, with its raw text.
CREATE TABLE quarantine (
  quarantine_id    BIGINT PRIMARY KEY,
  file_id          BIGINT NOT NULL,
  source           VARCHAR NOT NULL,
  input_file       VARCHAR NOT NULL,
  input_line       BIGINT NOT NULL,
  rule             VARCHAR NOT NULL,
  detail           VARCHAR NOT NULL,
  raw              VARCHAR,
  tokens_held_back BIGINT,
  usage_date       DATE,              -- UTC, where the raw text still tells it
  quarantined_at   TIMESTAMP NOT NULL,
  run_id           VARCHAR NOT NULL,
  replayed_at      TIMESTAMP,
  replayed_run_id  VARCHAR
)
