-- row: one line of provider costs of a bucket that is replaced. A bucket is the configured
-- organization's; a line may name its own, so that the bucket's files tell whose it is.
UPDATE provider_costs
SET replaced_at = CAST($at AS TIMESTAMP)
WHERE
  bucket_key = $key AND replaced_at IS NULL
  AND input_file IN (
    SELECT input_file FROM buckets WHERE organization_id = $org AND bucket_key = $key
  )
