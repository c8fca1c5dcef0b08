-- row: one range of an endpoint that pages of a source announce and that was not read.
-- engine: duckdb
SELECT source, endpoint, since_at, until_at, input_file
FROM missing_pages
ORDER BY source, endpoint, since_at
