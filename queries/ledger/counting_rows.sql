-- row: one ledger row of an affected call, or a dropped duplicate that needs a row of its own now,
-- with whether it counts once some files are forgotten, remembered, or moved to another basis.
-- Of files that are going, all rows and duplicates, with what counts in their stead.
-- takes: known_rows, excluded_rows, ledger_runs, source_ranks, affected_identities, first_rows,
-- dropped_rows (of these identities), file_versions (file_id, source, input_file, run_id,
-- lines_read, basis, is_out, forgotten_by, is_going), file_copies (original_id, copy_id,
-- copied_lines). A call, its contents and which of them counts are those of ledger/repeat_fates; a
-- content keeps the place of its first row as long as a file has it that counts, so that what was
-- replaced stays replaced: a row that was read before the files of all earlier ones were forgotten
-- goes on in their place. In a basis of its own it is that of its first row there. A row that was
-- moved to another basis only says what its dropped duplicates contain. Of its rows the first that
-- names somebody counts. A duplicate needs a row where it counts, or where no row of a file that
-- counts has its content.
-- engine: any
{% set contents = content_columns
  | without("basis", "provider", "organization_id", "record_id", *askers) -%}
WITH candidate AS (
  SELECT
    k.*, l.run_id, l.file_id AS known_file_id, coalesce(s.source_rank, 0) AS source_rank,
    e.ledger_id IS NULL AS is_live, coalesce(e.reason, '') AS reason,
    CASE
      WHEN k.operation IN ('completions', 'videos', 'fine_tuning')
        THEN date_trunc('second', k.started_at)
    END AS called_at
  FROM known_rows AS k
  INNER JOIN ledger_runs AS l ON l.ledger_id = k.ledger_id
  LEFT JOIN source_ranks AS s ON s.source = k.source
  LEFT JOIN excluded_rows AS e ON e.ledger_id = k.ledger_id AND e.row_number = k.row_number
  WHERE k.identity_hash IN (SELECT identity_hash FROM affected_identities)
),

row_versions AS (
  SELECT c.ledger_id, c.row_number, max(v.file_id) AS file_id
  FROM candidate AS c
  INNER JOIN file_versions AS v
    ON v.source = c.source AND v.input_file = c.input_file
    AND CASE
      WHEN c.known_file_id IS NULL THEN v.run_id <= c.run_id ELSE v.file_id = c.known_file_id
    END
  GROUP BY c.ledger_id, c.row_number
),

-- Every place where a file has such a call: a row, a dropped duplicate of it, or a copied file.
direct AS (
  SELECT
    c.ledger_id, c.row_number, r.file_id, c.run_id AS read_by, 0 AS is_dropped, c.input_line,
    {{ askers | columns("c") }}
  FROM candidate AS c
  INNER JOIN row_versions AS r ON r.ledger_id = c.ledger_id AND r.row_number = c.row_number
  WHERE c.reason NOT IN ('rebased', 'vanished')
  UNION ALL
  SELECT
    d.ledger_id, d.row_number, d.file_id, d.run_id AS read_by, 1 AS is_dropped, d.input_line,
    {{ askers | columns("d") }}
  FROM dropped_rows AS d
),

reading AS (
  SELECT * FROM direct
  UNION ALL
  SELECT
    d.ledger_id, d.row_number, v.file_id, v.run_id AS read_by, 1 AS is_dropped, d.input_line,
    {{ askers | columns("d") }}
  FROM direct AS d
  INNER JOIN file_versions AS o ON o.file_id = d.file_id
  INNER JOIN file_copies AS k ON k.original_id = d.file_id
  INNER JOIN file_versions AS v ON v.file_id = k.copy_id
  -- both may have grown since the copy was made
  WHERE k.copied_lines = o.lines_read OR d.input_line <= k.copied_lines
),

firsts AS (
  SELECT
    w.ledger_id, w.row_number, w.first_ledger_id, w.first_row_number, c.basis, c.run_id,
    c.source_rank, c.input_file, c.input_line
  FROM first_rows AS w
  INNER JOIN candidate AS c
    ON c.ledger_id = w.first_ledger_id AND c.row_number = w.first_row_number
  WHERE c.reason <> 'rebased'
),

placed AS (
  SELECT
    g.ledger_id, g.row_number, g.file_id, g.read_by, g.is_dropped, g.input_line,
    {{ askers | columns("g") }},
    v.source, v.input_file, v.is_out, v.is_going, v.basis,
    -- sorts after every run where it counts
    CASE WHEN v.is_out THEN coalesce(v.forgotten_by, '') ELSE '~' END AS counts_until,
    c.provider, c.organization_id, c.record_id, c.called_at, c.is_partial, c.is_live, c.reason,
    c.identity_hash,
    {{ contents | columns("c") }},
    coalesce(f.first_ledger_id, c.ledger_id) AS first_ledger_id,
    coalesce(f.first_row_number, c.row_number) AS first_row_number,
    f.ledger_id IS NOT NULL OR (c.reason <> 'rebased' AND c.basis = v.basis) AS is_first_here,
    coalesce(f.run_id, c.run_id) AS first_run_id,
    coalesce(f.source_rank, c.source_rank) AS first_rank,
    coalesce(f.input_file, c.input_file) AS first_file,
    coalesce(f.input_line, c.input_line) AS first_line,
    coalesce(s.source_rank, 0) AS source_rank,
    {{ output_meters | join(" + ") or "0" }} AS output_tokens,
    CASE WHEN {{ meters | join(" + ") }} > 0 THEN 1 ELSE 0 END AS is_used,
    CASE
      WHEN coalesce({% for column in askers %}{{ ", " if not loop.first }}g.{{ column }}{% endfor %}) IS NULL THEN 1 ELSE 0
    END AS is_unasked
  FROM reading AS g
  INNER JOIN candidate AS c ON c.ledger_id = g.ledger_id AND c.row_number = g.row_number
  INNER JOIN file_versions AS v ON v.file_id = g.file_id
  LEFT JOIN source_ranks AS s ON s.source = v.source
  LEFT JOIN firsts AS f
    ON f.ledger_id = c.ledger_id AND f.row_number = c.row_number AND f.basis = v.basis
),

positioned AS (
  SELECT
    *,
    CASE WHEN is_first_here THEN first_run_id ELSE read_by END AS run_id,
    row_number() OVER (
      PARTITION BY basis, provider, organization_id, record_id, called_at
      ORDER BY
        CASE WHEN is_first_here THEN first_run_id ELSE read_by END,
        CASE WHEN is_first_here THEN first_rank ELSE source_rank END,
        CASE WHEN is_first_here THEN first_file ELSE input_file END,
        CASE WHEN is_first_here THEN first_line ELSE input_line END,
        ledger_id, row_number, is_dropped, read_by, source_rank, input_file, input_line
    ) AS position
  FROM placed
),

followed AS (
  SELECT
    *,
    max(counts_until) OVER (
      PARTITION BY basis, provider, organization_id, record_id, called_at, {{ contents | columns }}
      ORDER BY position
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS counted_until
  FROM positioned
),

grouped AS (
  SELECT
    *,
    max(CASE WHEN counted_until IS NULL OR counted_until < read_by THEN position END) OVER same
      AS group_position,
    max(CASE WHEN is_out OR coalesce(is_partial, false) THEN 0 ELSE 1 END) OVER same AS is_whole,
    max(CASE WHEN is_out OR is_dropped = 1 THEN 0 ELSE 1 END) OVER same AS has_row,
    row_number() OVER (
      PARTITION BY basis, provider, organization_id, record_id, called_at, {{ contents | columns }}
      ORDER BY
        CASE WHEN is_out THEN 1 ELSE 0 END,
        is_unasked, read_by, is_dropped, ledger_id, source_rank, input_file, input_line
    ) AS place_in_content
  FROM followed
  WINDOW same AS (
    PARTITION BY basis, provider, organization_id, record_id, called_at, {{ contents | columns }}
  )
),

ranked AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY basis, provider, organization_id, record_id, called_at
      ORDER BY
        CASE WHEN is_out THEN 1 ELSE 0 END, is_used DESC, is_whole DESC,
        CASE WHEN is_whole = 1 THEN group_position ELSE output_tokens END DESC, group_position,
        is_unasked, read_by, is_dropped, ledger_id, source_rank, input_file, input_line
    ) AS place
  FROM grouped
),

judged AS (
  SELECT
    *,
    place = 1 AND NOT is_out AS counts,
    max(CASE WHEN place = 1 AND NOT is_out THEN input_file END) OVER call AS counting_file,
    max(CASE WHEN place = 1 AND NOT is_out THEN input_line END) OVER call AS counting_line
  FROM ranked
  WINDOW call AS (PARTITION BY basis, provider, organization_id, record_id, called_at)
)

SELECT
  ledger_id, row_number, file_id, is_dropped = 1 AS is_dropped, source, input_file, input_line,
  basis, usage_date, identity_hash, read_by, first_ledger_id, first_row_number, is_live, reason,
  is_out, is_going, counts, counting_file, counting_line,
  {{ askers | columns }}
FROM judged
WHERE is_dropped = 0 OR counts OR is_going OR (NOT is_out AND has_row = 0 AND place_in_content = 1)
ORDER BY ledger_id, row_number, is_dropped
