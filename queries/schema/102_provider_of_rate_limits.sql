-- row: as before; provider is the one whose limit it is.
ALTER TABLE rate_limits ADD COLUMN IF NOT EXISTS provider VARCHAR DEFAULT 'openai'
