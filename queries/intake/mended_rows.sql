-- row: one held row whose file was rewritten so that it no longer has this text.
-- takes: rewritten_files (earlier_file_id, file_id), quarantine, staged_rejects.
-- engine: duckdb
SELECT q.quarantine_id, q.file_id
FROM quarantine AS q
INNER JOIN rewritten_files AS f ON f.earlier_file_id = q.file_id
WHERE
  q.replayed_at IS NULL
  AND NOT EXISTS (
    SELECT 1
    FROM staged_rejects AS s
    WHERE s.file_id = f.file_id AND s.rule = q.rule AND s.raw IS NOT DISTINCT FROM q.raw
  )
ORDER BY q.quarantine_id
