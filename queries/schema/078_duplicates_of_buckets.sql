-- row: as in 007_buckets; the rows of a version that is a duplicate are those of the version with
-- the same content: they count for it once that one's file is forgotten.
ALTER TABLE buckets ADD COLUMN is_duplicate BOOLEAN DEFAULT false
