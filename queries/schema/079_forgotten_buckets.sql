-- row: as in 007_buckets; the file of a forgotten version was forgotten.
ALTER TABLE buckets ADD COLUMN is_forgotten BOOLEAN DEFAULT false
