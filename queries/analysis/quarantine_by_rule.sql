-- question: Which rows are held back, by which rule, and how many tokens are in them?
-- row: one source and rule with rows that are still held back, most rows first.
-- ties: sum(rows_held_back) = that of quarantined in input_files, forgotten ones aside.
-- parameter: source VARCHAR default any, only this source
-- engine: duckdb
WITH held_back AS (
  SELECT
    source, rule, detail, input_file, input_line, tokens_held_back, usage_date, quarantined_at,
    row_number() OVER (
      PARTITION BY source, rule ORDER BY quarantined_at DESC, input_file, input_line
    ) AS place
  FROM quarantine
  WHERE
    replayed_at IS NULL
    AND (CAST($source AS VARCHAR) IS NULL OR source = $source)
)

SELECT
  source,
  rule,
  count(*) AS rows_held_back,
  count(DISTINCT input_file) AS files,
  CAST(coalesce(sum(tokens_held_back), 0) AS BIGINT) AS tokens_held_back,
  count(*) FILTER (WHERE tokens_held_back IS NULL) AS rows_of_unknown_size,
  min(usage_date) AS first_usage_date,
  max(usage_date) AS last_usage_date,
  max(quarantined_at) AS last_quarantined_at,
  max(input_file) FILTER (WHERE place = 1) AS example_file,
  max(input_line) FILTER (WHERE place = 1) AS example_line,
  max(detail) FILTER (WHERE place = 1) AS example_detail
FROM held_back
GROUP BY source, rule
ORDER BY rows_held_back DESC, source, rule
