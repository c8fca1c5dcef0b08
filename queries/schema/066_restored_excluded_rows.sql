-- row: one time that a row of a ledger file was no longer live; until restored_at, if it is again.
ALTER TABLE excluded_rows ADD COLUMN IF NOT EXISTS restored_at TIMESTAMP
