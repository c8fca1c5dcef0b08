-- row: as in 016, with when it expires, UTC; NULL: it does not.
ALTER TABLE api_keys ADD COLUMN IF NOT EXISTS expires_at TIMESTAMP
