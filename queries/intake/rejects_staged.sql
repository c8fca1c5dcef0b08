-- row: one rejected row of this run, and whether the same text was held back before.
-- takes: the run's rejects ({{ reject_files }}), quarantine, dropped_rejects, input_files,
-- $kept_since. Of a text as many rows are held as stand in the file that has it most often: so a
-- copied file is held back once and two equal lines of one file twice, whichever file came first.
-- Forgotten files do not count. Of files before $kept_since the dropped rows are not known: there
-- each held row stands for one more.
-- engine: duckdb
WITH incoming AS (
  SELECT
    file_id, source, input_file, input_line, rule, detail, raw, tokens_held_back,
    md5(concat(rule, ' ', coalesce(raw, ''))) AS text_hash,
    row_number() OVER (
      PARTITION BY file_id, md5(concat(rule, ' ', coalesce(raw, ''))) ORDER BY input_line
    ) AS position
  FROM {{ reject_files }}
  WHERE NOT list_contains(CAST($unreadable AS BIGINT[]), file_id)
),

-- also what was let go since: a copy of a file that was mended brings nothing back
known AS (
  SELECT file_id, md5(concat(rule, ' ', coalesce(raw, ''))) AS text_hash FROM quarantine
  UNION ALL
  SELECT file_id, md5(concat(rule, ' ', coalesce(raw, ''))) AS text_hash FROM dropped_rejects
),

held AS (
  SELECT k.file_id, k.text_hash, count(*) AS times
  FROM known AS k
  INNER JOIN input_files AS f ON f.file_id = k.file_id
  WHERE f.state <> 'forgotten' AND k.text_hash IN (SELECT text_hash FROM incoming)
  GROUP BY ALL
),

held_in_all AS (
  SELECT
    text_hash,
    greatest(
      max(times), coalesce(sum(times) FILTER (WHERE file_id < CAST($kept_since AS BIGINT)), 0)
    ) AS times
  FROM held
  GROUP BY text_hash
),

-- Of a file that has grown, how often its text had occurred before.
files AS (
  SELECT
    i.file_id, i.text_hash, count(*) AS times,
    CASE
      WHEN i.file_id < CAST($kept_since AS BIGINT) AND any_value(h.times) > 0
        THEN any_value(a.times)
      ELSE coalesce(any_value(h.times), 0)
    END AS times_before
  FROM incoming AS i
  LEFT JOIN held AS h ON h.file_id = i.file_id AND h.text_hash = i.text_hash
  LEFT JOIN held_in_all AS a ON a.text_hash = i.text_hash
  GROUP BY i.file_id, i.text_hash
),

ordered AS (
  SELECT
    f.file_id, f.text_hash, f.times_before,
    greatest(
      coalesce(a.times, 0),
      coalesce(
        max(f.times_before + f.times) OVER (
          PARTITION BY f.text_hash
          ORDER BY f.file_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        0
      )
    ) AS times_held
  FROM files AS f
  LEFT JOIN held_in_all AS a ON a.text_hash = f.text_hash
)

SELECT
  i.file_id, i.source, i.input_file, i.input_line, i.rule, i.detail, i.raw, i.tokens_held_back,
  i.position + o.times_before <= o.times_held AS is_duplicate
FROM incoming AS i
INNER JOIN ordered AS o ON o.file_id = i.file_id AND o.text_hash = i.text_hash
