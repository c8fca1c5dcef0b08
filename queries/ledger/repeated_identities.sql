-- row: one identity hash that a new row shares with another new row or with one in the ledger.
-- takes: new_rows, known_rows (identity_hash). A shared hash is a candidate, no proof.
-- engine: any
WITH repeated AS (
  SELECT identity_hash
  FROM new_rows
  GROUP BY identity_hash
  HAVING count(*) > 1
),

known AS (
  SELECT identity_hash
  FROM known_rows
  WHERE identity_hash IN (SELECT identity_hash FROM new_rows)
)

SELECT identity_hash FROM repeated
UNION
SELECT identity_hash FROM known
