-- row: one input file whose four fates are not the rows read from it.
-- gives: place (what is at fault), finding (what is wrong with it).
-- engine: duckdb
SELECT
  input_file AS place,
  format(
    '{} rows were read from it, but {} are accepted, {} duplicate, {} superseded and {} '
    'quarantined', rows_read, accepted, duplicate, superseded, quarantined
  ) AS finding
FROM input_files
WHERE
  rows_read <> accepted + duplicate + superseded + quarantined
  OR least(rows_read, accepted, duplicate, superseded, quarantined, not_usage) < 0
ORDER BY input_file
