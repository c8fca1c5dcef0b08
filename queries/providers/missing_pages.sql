-- row: one range of an endpoint that pages of a source announce and that was not read.
-- engine: duckdb
SELECT
  source,
  endpoint,
  covered_until_at AS since_at,
  missing_until_at AS until_at,
  min(input_file) AS input_file,
  arg_min(input_line, input_file) AS input_line
FROM open_pages
WHERE NOT is_continued
GROUP BY source, endpoint, covered_until_at, missing_until_at
ORDER BY source, endpoint, covered_until_at
