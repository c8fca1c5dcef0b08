-- row: one input file.
SELECT DISTINCT input_file
FROM input_files
ORDER BY input_file
