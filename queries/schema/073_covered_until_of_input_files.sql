-- row: one input file; covered_until_at is when its last record ends: that of a table's row is the
-- end of its day or hour, that of a log is its time. Of pages it is not known here: see buckets.
ALTER TABLE input_files ADD COLUMN IF NOT EXISTS covered_until_at TIMESTAMP
