-- row: one version of a bucket whose file was forgotten.
-- engine: duckdb
DELETE FROM buckets
WHERE list_contains($names, input_file)
