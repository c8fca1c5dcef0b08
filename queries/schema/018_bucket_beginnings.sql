-- row: as in 007_buckets; late_seconds is by how much a version begins after its bucket does,
-- since the first bucket of a fetch may be cut off.
ALTER TABLE buckets ADD COLUMN late_seconds BIGINT DEFAULT 0
