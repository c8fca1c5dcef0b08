-- row: one response id that new rows show with another time of creation than before.
-- takes: new_rows, known_rows, repeated_identities. Each time is a call of its own.
-- engine: any
WITH called AS (
  SELECT
    true AS is_new, basis, provider, organization_id, record_id,
    date_trunc('second', started_at) AS called_at
  FROM new_rows
  WHERE
    identity_hash IN (SELECT identity_hash FROM repeated_identities)
    AND operation IN ('completions', 'videos', 'fine_tuning')
  UNION ALL
  SELECT
    false AS is_new, basis, provider, organization_id, record_id,
    date_trunc('second', started_at) AS called_at
  FROM known_rows
  WHERE
    identity_hash IN (SELECT identity_hash FROM repeated_identities)
    AND operation IN ('completions', 'videos', 'fine_tuning')
)

SELECT record_id, count(DISTINCT called_at) AS times
FROM called
GROUP BY basis, provider, organization_id, record_id
HAVING
  count(DISTINCT called_at) > 1
  AND count(DISTINCT called_at) > count(DISTINCT CASE WHEN NOT is_new THEN called_at END)
ORDER BY record_id
