-- row: one pair of sources whose rows would charge the same traffic of the same days: requests of
-- one and buckets of the other. The first is new; the second is not configured any more.
-- takes: new_charges, known_charges (ledger_id, row_number, source, provider, scope, usage_date,
-- input_file), excluded_rows, new_files_kinds, known_files_kinds (ledger_id, is_bucket),
-- configured_sources (source).
-- engine: any
WITH new_days AS (
  SELECT DISTINCT n.source, n.provider, n.scope, n.usage_date, k.is_bucket
  FROM new_charges AS n
  INNER JOIN new_files_kinds AS k ON k.ledger_id = n.ledger_id
),

known_days AS (
  SELECT c.source, c.provider, c.scope, c.usage_date, k.is_bucket, min(c.input_file) AS input_file
  FROM known_charges AS c
  INNER JOIN known_files_kinds AS k ON k.ledger_id = c.ledger_id
  LEFT JOIN excluded_rows AS e ON e.ledger_id = c.ledger_id AND e.row_number = c.row_number
  LEFT JOIN configured_sources AS s ON s.source = c.source
  WHERE e.ledger_id IS NULL AND s.source IS NULL
  GROUP BY c.source, c.provider, c.scope, c.usage_date, k.is_bucket
)

SELECT
  n.source, n.is_bucket, k.source AS known_source, min(k.input_file) AS known_file,
  min(n.usage_date) AS first_date, max(n.usage_date) AS last_date
FROM new_days AS n
INNER JOIN known_days AS k
  ON k.provider = n.provider AND k.scope = n.scope AND k.usage_date = n.usage_date
  AND k.is_bucket <> n.is_bucket
GROUP BY n.source, n.is_bucket, k.source
ORDER BY n.source, k.source
