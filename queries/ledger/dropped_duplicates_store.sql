-- row: one dropped duplicate of this run, with the version of the file that it was read from.
-- takes: dropped_rows, input_files as this run leaves them.
-- engine: duckdb
INSERT INTO dropped_duplicates BY NAME
WITH newest AS (
  SELECT source, input_file, max(file_id) AS file_id
  FROM input_files
  GROUP BY source, input_file
)

SELECT
  d.identity_hash, coalesce(d.file_id, n.file_id) AS file_id, d.input_line, $run_id AS run_id,
  d.ledger_id, d.row_number, d.project_id, d.api_key_id, d.user_id, d.service_account_id
FROM dropped_rows AS d
INNER JOIN newest AS n ON n.source = d.source AND n.input_file = d.input_file
