-- row: one name of an organization on a provider's bill, and the configured id it stands for.
-- One admin key shows one organization, whatever its id is called in the configuration.
-- engine: duckdb
SELECT c.provider, c.organization_id AS named_id, min(b.organization_id) AS organization_id
FROM provider_costs AS c
INNER JOIN buckets AS b
  ON b.provider = c.provider AND b.bucket_key = c.bucket_key
  AND b.input_file = c.input_file AND b.run_id = c.run_id
WHERE c.replaced_at IS NULL AND b.is_current AND c.organization_id <> b.organization_id
GROUP BY c.provider, c.organization_id
