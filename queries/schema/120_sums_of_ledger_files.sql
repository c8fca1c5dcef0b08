-- row: one ledger file; sums_path names the sums of its rows by all dimensions of a charge, relative to
-- the storage root: NULL where none are kept.
ALTER TABLE ledger_files ADD COLUMN IF NOT EXISTS sums_path VARCHAR
