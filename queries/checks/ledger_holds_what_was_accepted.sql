-- row: the rows of the live ledger and the current provider costs, where they are not what the
-- input files say was accepted.
-- gives: place (what is at fault: no single file), finding (what is wrong with it).
-- engine: duckdb
WITH held AS (
  SELECT
    (SELECT coalesce(sum(rows), 0) FROM ledger_files)
    - (SELECT count(*) FROM excluded_rows WHERE restored_at IS NULL)
    + (SELECT count(*) FROM provider_costs WHERE replaced_at IS NULL) AS live_rows
),

said AS (SELECT coalesce(sum(accepted), 0) AS accepted FROM input_files)

SELECT
  CAST(NULL AS VARCHAR) AS place,
  format(
    'the ledger and the provider costs have {} rows, but {} rows of the input files are accepted',
    held.live_rows, said.accepted
  ) AS finding
FROM held
CROSS JOIN said
WHERE held.live_rows <> said.accepted
