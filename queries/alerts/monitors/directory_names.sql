-- row: one API key or person of the directory that has a name, as it was last known.
-- engine: duckdb
WITH keys AS (
  SELECT api_key_id AS subject_id, name
  FROM api_keys
  QUALIFY row_number() OVER (
    PARTITION BY api_key_id ORDER BY valid_to_at DESC NULLS FIRST, valid_from_at DESC
  ) = 1
),

people AS (
  SELECT user_id AS subject_id, coalesce(name, email) AS name
  FROM organization_users
  QUALIFY row_number() OVER (
    PARTITION BY user_id ORDER BY valid_to_at DESC NULLS FIRST, valid_from_at DESC
  ) = 1
)

SELECT subject_id, name FROM keys WHERE name IS NOT NULL
UNION ALL
SELECT subject_id, name FROM people WHERE name IS NOT NULL
ORDER BY subject_id
