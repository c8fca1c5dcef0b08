-- row: one input file; changed_ns is when its content, name or rights changed last, in nanoseconds
-- since 1970. Where it is the same, the file need not be opened to know it again.
ALTER TABLE input_files ADD COLUMN IF NOT EXISTS changed_ns BIGINT
