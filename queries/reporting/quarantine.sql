-- row: one a rule and source with rows still held back that belong to the month, or to no known day.
-- engine: duckdb
WITH held_back AS (
  SELECT
    rule, source, usage_date, tokens_held_back, input_file, input_line, detail,
    row_number() OVER (PARTITION BY rule, source ORDER BY input_file, input_line) AS place
  FROM quarantine
  WHERE
    replayed_at IS NULL
    AND (usage_date IS NULL OR (usage_date >= $since AND usage_date < $until))
)
SELECT
  rule,
  source,
  CAST(count(*) FILTER (WHERE usage_date IS NOT NULL) AS BIGINT) AS dated_rows,
  CAST(count(*) FILTER (WHERE usage_date IS NULL) AS BIGINT) AS undated_rows,
  CAST(coalesce(sum(tokens_held_back), 0) AS BIGINT) AS tokens_held_back,
  CAST(count(*) FILTER (WHERE tokens_held_back IS NULL) AS BIGINT) AS rows_of_unknown_size,
  max(input_file) FILTER (WHERE place = 1) AS example_file,
  max(input_line) FILTER (WHERE place = 1) AS example_line,
  max(detail) FILTER (WHERE place = 1) AS example_detail
FROM held_back
GROUP BY rule, source
ORDER BY count(*) DESC, rule, source
