-- row: one input file.
-- engine: duckdb
SELECT DISTINCT input_file
FROM input_files
ORDER BY input_file
