-- row: as before; provider is the one whose minutes they are.
ALTER TABLE minute_coverage ADD COLUMN IF NOT EXISTS provider VARCHAR DEFAULT 'openai'
