-- row: one ledger file; is_part: its rows are in a file of several that were merged, which has the
-- columns ledger_id and row_number.
ALTER TABLE ledger_files ADD COLUMN IF NOT EXISTS is_part BOOLEAN DEFAULT false
