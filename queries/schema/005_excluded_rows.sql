-- row: one row of a ledger file that is no longer live, by what and when it was replaced.
CREATE TABLE excluded_rows (
  ledger_id        BIGINT NOT NULL,
  row_number       BIGINT NOT NULL,    -- from 0, as Parquet's file_row_number
  reason           VARCHAR NOT NULL,   -- superseded, restated, forgotten
  replaced_at      TIMESTAMP NOT NULL,
  replaced_by_file VARCHAR,
  replaced_by_line BIGINT,
  note             VARCHAR,
  run_id           VARCHAR NOT NULL
)
