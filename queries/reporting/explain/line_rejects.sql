-- row: one time that a line of an input file was held back.
-- engine: duckdb
SELECT rule, detail, quarantined_at, replayed_at
FROM quarantine
WHERE input_file = $input_file AND input_line = $input_line
ORDER BY quarantined_at
