-- row: one input file; copy_of is the version with the same content whose rows are its duplicates.
ALTER TABLE input_files ADD COLUMN IF NOT EXISTS copy_of BIGINT
