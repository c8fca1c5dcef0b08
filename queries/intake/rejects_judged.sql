-- row: one rejected row that is to be held back now, or that another one stands for now, once files
-- were forgotten or remembered.
-- takes: quarantine, dropped_rejects, $out (the file ids that are forgotten then), $files (those
-- whose texts are judged), $reopened (quarantine ids that are open again). Of equal texts the first
-- is held; one that was let go stands for the others.
-- engine: duckdb
WITH known AS (
  SELECT
    quarantine_id, CAST(NULL AS BIGINT) AS dropped_id, file_id, run_id, input_line,
    md5(concat(rule, ' ', coalesce(raw, ''))) AS text_hash,
    replayed_at IS NULL OR list_contains(CAST($reopened AS BIGINT[]), quarantine_id) AS is_open
  FROM quarantine
  UNION ALL
  SELECT
    CAST(NULL AS BIGINT) AS quarantine_id, rowid AS dropped_id, file_id, run_id, input_line,
    md5(concat(rule, ' ', coalesce(raw, ''))) AS text_hash,
    false AS is_open
  FROM dropped_rejects
),

counting AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY file_id, text_hash ORDER BY input_line, quarantine_id, dropped_id
    ) AS position
  FROM known
  WHERE
    NOT list_contains(CAST($out AS BIGINT[]), file_id)
    AND text_hash IN (
      SELECT text_hash FROM known WHERE list_contains(CAST($files AS BIGINT[]), file_id)
    )
),

placed AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY text_hash, position ORDER BY run_id, file_id, input_line
    ) AS place
  FROM counting
)

SELECT quarantine_id, dropped_id, file_id
FROM placed
WHERE (place = 1 AND dropped_id IS NOT NULL) OR (place > 1 AND is_open)
ORDER BY file_id, quarantine_id, dropped_id
