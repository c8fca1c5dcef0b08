-- row: one UTC day of an organization at a provider whose costs were fetched, with a mark of
-- their content, and whether they can be taken for the bill: a row that is held back is missing in
-- them, and costs that are all in another currency are left out.
-- engine: duckdb
WITH held_back AS (
  SELECT DISTINCT q.input_file, q.input_line, q.usage_date
  FROM quarantine AS q
  SEMI JOIN (
    -- of the newest version of a file
    SELECT input_file, max(file_id) AS file_id FROM input_files GROUP BY input_file
  ) AS f ON f.input_file = q.input_file AND f.file_id = q.file_id
  WHERE q.replayed_at IS NULL
),

currencies AS (
  SELECT provider, usage_date, min(currency) AS currency, bool_or(currency = 'usd') AS has_usd
  FROM provider_costs
  WHERE replaced_at IS NULL
  GROUP BY provider, usage_date
)

SELECT
  b.provider,
  b.organization_id,
  CAST(b.started_at AS DATE) AS usage_date,
  max(b.fetched_at) AS fetched_at,
  string_agg(b.content_hash, ',' ORDER BY b.content_hash) AS content_mark,
  bool_or(EXISTS (
    FROM held_back AS h
    WHERE h.input_file = b.input_file AND h.input_line = b.input_line
      AND coalesce(h.usage_date, CAST(b.started_at AS DATE)) = CAST(b.started_at AS DATE)
  )) AS has_held_rows,
  max(CASE WHEN NOT c.has_usd THEN c.currency END) AS other_currency,
  -- a bucket without a line, or with credits alone, may be one that nothing was written to
  NOT bool_or(EXISTS (
    FROM provider_costs AS p
    WHERE p.replaced_at IS NULL AND p.provider = b.provider
      AND p.input_file = b.input_file AND p.input_line = b.input_line
      AND p.usage_date = CAST(b.started_at AS DATE) AND p.amount >= 0
  )) AS is_empty
FROM buckets AS b
LEFT JOIN currencies AS c
  ON c.provider = b.provider AND c.usage_date = CAST(b.started_at AS DATE)
WHERE b.endpoint = 'costs' AND b.is_current
GROUP BY b.provider, b.organization_id, CAST(b.started_at AS DATE)
