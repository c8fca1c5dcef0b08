-- row: as in 016, with when it was created, UTC.
ALTER TABLE api_keys ADD COLUMN IF NOT EXISTS created_at TIMESTAMP
