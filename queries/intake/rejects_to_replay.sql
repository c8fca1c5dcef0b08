-- row: one rejected row that may be readable by now: held back, or held back in another file.
-- takes: quarantine, dropped_rejects, input_files, $rule (NULL: every rule).
-- engine: duckdb
SELECT quarantine_id, CAST(NULL AS BIGINT) AS dropped_id, file_id, input_line, raw
FROM quarantine
WHERE replayed_at IS NULL AND ($rule IS NULL OR rule = $rule) AND raw IS NOT NULL
UNION ALL
SELECT CAST(NULL AS BIGINT) AS quarantine_id, d.rowid AS dropped_id, d.file_id, d.input_line, d.raw
FROM dropped_rejects AS d
INNER JOIN input_files AS f ON f.file_id = d.file_id
WHERE f.state <> 'forgotten' AND ($rule IS NULL OR d.rule = $rule) AND d.raw IS NOT NULL
ORDER BY file_id, input_line
