-- row: as before, of one provider.
ALTER TABLE minute_peaks ADD COLUMN IF NOT EXISTS provider VARCHAR DEFAULT 'openai'
