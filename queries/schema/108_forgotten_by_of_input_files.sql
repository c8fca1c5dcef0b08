-- row: one input file; forgotten_by is the run that took it back. NULL: it counts, or it was
-- forgotten by an earlier version of the program.
ALTER TABLE input_files ADD COLUMN IF NOT EXISTS forgotten_by VARCHAR
