-- row: one row of the ledger, new or known, that is a duplicate (new only) or superseded.
-- takes: new_rows, known_rows, excluded_rows, repeated_identities, source_ranks, ledger_runs.
-- Later means: run, then the order of sources, then path, then line. Content that any earlier
-- version already had is a duplicate; rows of forgotten files do not count.
-- engine: any
WITH candidate AS (
  SELECT
    n.ledger_id, n.row_number, true AS is_new, false AS is_excluded,
    '~' AS run_id,  -- sorts after every run
    coalesce(s.source_rank, 0) AS source_rank,
    n.source, n.input_file, n.input_line, {{ content_columns | columns('n') }}
  FROM new_rows AS n
  LEFT JOIN source_ranks AS s ON s.source = n.source
  WHERE n.identity_hash IN (SELECT identity_hash FROM repeated_identities)

  UNION ALL

  SELECT
    k.ledger_id, k.row_number, false AS is_new, e.reason IS NOT NULL AS is_excluded,
    r.run_id,
    coalesce(s.source_rank, 0) AS source_rank,
    k.source, k.input_file, k.input_line, {{ content_columns | columns('k') }}
  FROM known_rows AS k
  INNER JOIN ledger_runs AS r ON r.ledger_id = k.ledger_id
  LEFT JOIN source_ranks AS s ON s.source = k.source
  LEFT JOIN excluded_rows AS e ON e.ledger_id = k.ledger_id AND e.row_number = k.row_number
  WHERE
    k.identity_hash IN (SELECT identity_hash FROM repeated_identities)
    AND coalesce(e.reason, '') <> 'forgotten'
),

positioned AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY organization_id, record_id
      ORDER BY run_id, source_rank, input_file, input_line, ledger_id, row_number
    ) AS position
  FROM candidate
),

content AS (
  SELECT
    *,
    min(position) OVER (
      PARTITION BY {{ content_columns | columns }}
    ) AS first_position
  FROM positioned
),

version AS (
  SELECT
    ledger_id, row_number, is_excluded, run_id, source, input_file, input_line, usage_date,
    lead(input_file) OVER later AS replaced_by_file,
    lead(input_line) OVER later AS replaced_by_line
  FROM content
  WHERE position = first_position
  WINDOW later AS (PARTITION BY organization_id, record_id ORDER BY position)
)

SELECT
  ledger_id, row_number, 'duplicate' AS fate, run_id, source, input_file, input_line, usage_date,
  CAST(NULL AS VARCHAR) AS replaced_by_file, CAST(NULL AS BIGINT) AS replaced_by_line
FROM content
WHERE position <> first_position AND is_new

UNION ALL

SELECT
  ledger_id, row_number, 'superseded' AS fate, run_id, source, input_file, input_line, usage_date,
  replaced_by_file, replaced_by_line
FROM version
WHERE replaced_by_file IS NOT NULL AND NOT is_excluded
