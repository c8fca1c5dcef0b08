-- row: one rejected input row.
-- engine: duckdb
SELECT
  source, input_file, input_line, rule, detail, raw, tokens_held_back, usage_date, quarantined_at, replayed_at
FROM stored.quarantine
