-- row: one version of a bucket; is_removed: it was replaced long ago, and its rows are not kept any
-- more. The hash of its content stays, so that figures which come again are known.
ALTER TABLE buckets ADD COLUMN IF NOT EXISTS is_removed BOOLEAN DEFAULT false
