-- row: one posting of a charge; the charges are the sum of these.
-- engine: duckdb
SELECT
  {{ charge_columns | columns('c') }},
  p.reason, p.run_id, p.posted_at
FROM {{ posting_files }} AS c
INNER JOIN stored.posting_files AS p ON p.path = c.filename
