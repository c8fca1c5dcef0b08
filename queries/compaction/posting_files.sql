-- row: one file of postings whose rows are in a merged file now.
-- takes: merged_files (path, stored_in).
-- engine: duckdb
UPDATE posting_files
SET stored_in = m.stored_in
FROM merged_files AS m
WHERE posting_files.path = m.path
