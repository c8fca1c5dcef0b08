-- row: one ledger row that was written for a dropped duplicate, once the files of the row with its
-- content no longer counted: it keeps the place of the row that had its content first.
CREATE TABLE first_rows (
  ledger_id        BIGINT NOT NULL,
  row_number       BIGINT NOT NULL,
  first_ledger_id  BIGINT NOT NULL,
  first_row_number BIGINT NOT NULL
)
