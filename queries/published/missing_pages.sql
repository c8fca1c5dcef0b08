-- row: one range of an endpoint that pages of a source announce and that was not read.
-- engine: duckdb
-- view: One range of an endpoint that saved or fetched pages announce (has_more, next_page) and that
--   was not read: it is missing in usage or provider_costs.
-- column source VARCHAR: Name of the source in tollbook.toml
-- column endpoint VARCHAR: Name of the endpoint, such as completions or costs
-- column since_at TIMESTAMP: Begin of what is missing, the end of the page's last bucket, UTC
-- column until_at TIMESTAMP: End of what is missing, exclusive, UTC; NULL: the page does not say how
--   far the others reach
-- column input_file VARCHAR: Path of the file that has the page; the first of several
-- column input_line BIGINT: Line on which the page begins
SELECT
  source, endpoint, covered_until_at AS since_at, missing_until_at AS until_at,
  min(input_file) AS input_file, arg_min(input_line, input_file) AS input_line
FROM stored.open_pages
WHERE NOT is_continued
GROUP BY source, endpoint, covered_until_at, missing_until_at
