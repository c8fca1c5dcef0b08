-- row: one ledger file; file_id is the version of the input file that all its rows are of, where that
-- is not the one that its run read: the rows of a replay.
ALTER TABLE ledger_files ADD COLUMN IF NOT EXISTS file_id BIGINT
