-- row: one rejected input row.
-- engine: duckdb
-- view: One rejected input row. Not replayed rows are counted as quarantined in input_files.
-- column source VARCHAR: Name of the source in tollbook.toml
-- column input_file VARCHAR: Raw file of the row
-- column input_line BIGINT: Line (from 1) in input_file
-- column rule VARCHAR: Name of the rule that it breaks
-- column detail VARCHAR: What exactly is wrong
-- column raw VARCHAR: The row as it stood, cut where very long
-- column tokens_held_back BIGINT: Tokens the row speaks of, as far as it can be read; NULL where it
--   cannot
-- column usage_date DATE: UTC day the row speaks of; NULL where it cannot be read
-- column quarantined_at TIMESTAMP: When it was rejected, UTC
-- column replayed_at TIMESTAMP: When it was accepted after all, UTC; NULL: still held back
SELECT
  source, input_file, input_line, rule, detail, raw, tokens_held_back, usage_date, quarantined_at, replayed_at
FROM stored.quarantine
