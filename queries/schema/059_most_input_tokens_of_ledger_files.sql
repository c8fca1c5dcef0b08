-- row: one ledger file; the first builds of 0.1.0 wrote no most_input_tokens: it may be any number.
ALTER TABLE ledger_files
ADD COLUMN IF NOT EXISTS most_input_tokens BIGINT DEFAULT 9223372036854775807
