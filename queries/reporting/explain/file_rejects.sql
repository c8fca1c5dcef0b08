-- row: one rule that holds back rows of an input file.
-- engine: duckdb
SELECT rule, count(*) AS rows, min(input_line) AS first_line, min_by(detail, input_line) AS detail
FROM quarantine
WHERE input_file = $input_file AND replayed_at IS NULL
GROUP BY rule
ORDER BY count(*) DESC, rule
