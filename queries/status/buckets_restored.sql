-- row: the newest version that is left of a bucket whose current one was forgotten.
UPDATE buckets
SET is_current = true
WHERE
  rowid IN (
    SELECT max_by(b.rowid, (coalesce(b.fetched_at, TIMESTAMP '1970-01-01'), b.run_id, b.rowid))
    FROM buckets AS b
    GROUP BY b.organization_id, b.bucket_key
    HAVING NOT bool_or(b.is_current)
  )
