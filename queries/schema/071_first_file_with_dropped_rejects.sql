-- row: the first input file whose dropped rejects are kept; of those before, only the number is.
INSERT INTO settings
SELECT 'rejects_kept_since', CAST(coalesce(max(file_id), 0) + 1 AS VARCHAR)
FROM input_files
