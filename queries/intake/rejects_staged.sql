-- row: one rejected row of this run, and whether the same text was held back before.
-- takes: the run's rejects ({{ reject_files }}), quarantine. A text is counted by how many times it stands in its
-- file, so that a copied file is held back once and two equal lines twice.
-- engine: duckdb
WITH incoming AS (
  SELECT
    file_id, source, input_file, input_line, rule, detail, raw, tokens_held_back,
    md5(concat(rule, ' ', coalesce(raw, ''))) AS text_hash,
    row_number() OVER (
      PARTITION BY file_id, md5(concat(rule, ' ', coalesce(raw, ''))) ORDER BY input_line
    ) AS position
  FROM {{ reject_files }}
  WHERE NOT list_contains(CAST($abandoned AS BIGINT[]), file_id)
),

held AS (
  SELECT file_id, md5(concat(rule, ' ', coalesce(raw, ''))) AS text_hash, count(*) AS times
  FROM quarantine
  WHERE replayed_at IS NULL
  GROUP BY ALL
),

times AS (
  SELECT file_id, text_hash, sum(times) AS times
  FROM (
    SELECT file_id, text_hash, times FROM held
    UNION ALL
    SELECT file_id, text_hash, count(*) AS times FROM incoming GROUP BY ALL
  )
  WHERE text_hash IN (SELECT text_hash FROM incoming)
  GROUP BY ALL
),

earlier AS (
  SELECT
    file_id, text_hash,
    max(times) OVER (
      PARTITION BY text_hash ORDER BY file_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS times_before
  FROM times
)

SELECT
  i.file_id, i.source, i.input_file, i.input_line, i.rule, i.detail, i.raw, i.tokens_held_back,
  i.position + coalesce(h.times, 0) <= coalesce(e.times_before, 0) AS is_duplicate
FROM incoming AS i
LEFT JOIN held AS h ON h.file_id = i.file_id AND h.text_hash = i.text_hash
LEFT JOIN earlier AS e ON e.file_id = i.file_id AND e.text_hash = i.text_hash
