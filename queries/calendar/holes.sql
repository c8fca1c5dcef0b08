-- row: one range that pages of a source announce and that was not read; costs apart.
-- engine: duckdb
SELECT DISTINCT
  source,
  endpoint = 'costs' AS is_costs,
  covered_until_at AS since_at,
  missing_until_at AS until_at
FROM open_pages
WHERE NOT is_continued
ORDER BY source, is_costs, since_at, until_at NULLS LAST
