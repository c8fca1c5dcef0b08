-- row: as before; source is the source of the configuration that told it, or '(file)'.
ALTER TABLE model_permissions ADD COLUMN IF NOT EXISTS source VARCHAR
