-- row: one input file with current costs of some buckets, and how many.
-- takes: replaced_cost_keys (provider, bucket_key).
-- engine: duckdb
SELECT c.file_id, count(*) AS costs
FROM provider_costs AS c
INNER JOIN replaced_cost_keys AS k ON k.provider = c.provider AND k.bucket_key = c.bucket_key
WHERE c.replaced_at IS NULL
GROUP BY c.file_id
