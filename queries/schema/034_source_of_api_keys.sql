-- row: as before; source is the source of the configuration that told it, or '(file)'.
ALTER TABLE api_keys ADD COLUMN IF NOT EXISTS source VARCHAR
