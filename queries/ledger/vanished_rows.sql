-- row: one row that an earlier version of a file had and the version read now does not have; who
-- asked is not compared.
-- takes: known_rows, excluded_rows, ledger_runs, dropped_rows (duplicates of the earlier version),
-- new_rows, $source, $input_file, $file_id and $run_id (of the earlier version).
-- engine: any
{% set contents = content_columns | without("basis", *askers) -%}
SELECT {{ contents | columns("k") }}
FROM known_rows AS k
INNER JOIN ledger_runs AS l ON l.ledger_id = k.ledger_id
LEFT JOIN excluded_rows AS e ON e.ledger_id = k.ledger_id AND e.row_number = k.row_number
WHERE
  k.source = $source
  AND k.input_file = $input_file
  AND (l.file_id = $file_id OR (l.file_id IS NULL AND l.run_id >= $run_id))
  AND coalesce(e.reason, '') <> 'rebased'
UNION ALL
SELECT {{ contents | columns("c") }}
FROM known_rows AS c
INNER JOIN dropped_rows AS d ON d.ledger_id = c.ledger_id AND d.row_number = c.row_number
EXCEPT ALL
SELECT {{ contents | columns("n") }}
FROM new_rows AS n
WHERE n.source = $source AND n.input_file = $input_file
