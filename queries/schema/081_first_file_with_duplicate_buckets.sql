-- row: the first input file whose duplicate buckets are kept; of those before, only the number is.
INSERT INTO settings
SELECT 'duplicate_buckets_kept_since', CAST(coalesce(max(file_id), 0) + 1 AS VARCHAR)
FROM input_files
