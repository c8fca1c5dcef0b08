-- row: as in 007_buckets; fetched_at moves on when a later fetch finds the same figures, this does
-- not. NULL: read before the two were kept apart.
ALTER TABLE buckets ADD COLUMN own_fetched_at TIMESTAMP
