-- row: one input file whose four fates are not the rows read from it.
-- engine: duckdb
SELECT input_file, rows_read, accepted, duplicate, superseded, quarantined
FROM input_files
WHERE
  rows_read <> accepted + duplicate + superseded + quarantined
  OR least(rows_read, accepted, duplicate, superseded, quarantined, not_usage) < 0
