-- row: as in 007_buckets; basis is that of the source, charge for costs: versions of one basis do
-- not replace those of the other.
ALTER TABLE buckets ADD COLUMN basis VARCHAR DEFAULT 'charge'
