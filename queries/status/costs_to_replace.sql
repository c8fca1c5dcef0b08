-- row: one file with current provider costs that a run replaces, and how many.
-- takes: replaced_cost_keys (organization_id, bucket_key).
SELECT c.file_id, count(*) AS costs
FROM provider_costs AS c
WHERE
  c.replaced_at IS NULL
  AND EXISTS (
    SELECT 1
    FROM buckets AS b
    INNER JOIN replaced_cost_keys AS k USING (organization_id, bucket_key)
    WHERE b.bucket_key = c.bucket_key AND b.input_file = c.input_file
  )
GROUP BY c.file_id
