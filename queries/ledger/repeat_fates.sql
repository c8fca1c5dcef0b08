-- row: one row of the ledger that a row of the same call repeats, replaces, or knows more about.
-- takes: new_rows, known_rows, excluded_rows, repeated_identities, source_ranks, ledger_runs.
-- A call is one id of an organization at a provider at one time of creation, within one basis. Of
-- a call's contents the latest counts (by run, order of sources, path, line), but
-- · content that an earlier row already had is a duplicate, and brings nothing back;
-- · usage of zero never replaces usage;
-- · of the lines of a stream, which are partial, the one with the largest output counts, and any
--   whole body before them.
-- Who asked is not content: where rows of the content that counts differ only in that, all of them
-- have the fate 'asked', and the caller merges them. Rows of forgotten files, rows that were moved
-- to another basis, and rows that vanished from a table that is its own whole truth do not count.
-- engine: any
{% set contents = content_columns
  | without("basis", "provider", "organization_id", "record_id", *askers) -%}
WITH candidate AS (
{%- for side in ["new", "known"] %}
  SELECT
    r.ledger_id, r.row_number, r.source, r.input_file, r.input_line, r.basis, r.provider,
    r.organization_id, r.record_id, r.identity_hash, coalesce(r.is_partial, false) AS is_partial,
    -- only the body of these has both an id and a time of its own
    CASE
      WHEN r.operation IN ('completions', 'videos', 'fine_tuning')
        THEN CAST(date_trunc('second', r.started_at) AS TIMESTAMP)
    END AS called_at,
    coalesce(s.source_rank, 0) AS source_rank,
    {{ contents | columns("r") }}, {{ askers | columns("r") }},
{%- if side == "new" %}
    true AS is_new, false AS is_excluded, '~' AS run_id  -- sorts after every run
  FROM new_rows AS r
  LEFT JOIN source_ranks AS s ON s.source = r.source
  WHERE r.identity_hash IN (SELECT identity_hash FROM repeated_identities)
  UNION ALL
{%- else %}
    false AS is_new, e.reason IS NOT NULL AS is_excluded, l.run_id
  FROM known_rows AS r
  INNER JOIN ledger_runs AS l ON l.ledger_id = r.ledger_id
  LEFT JOIN source_ranks AS s ON s.source = r.source
  LEFT JOIN excluded_rows AS e ON e.ledger_id = r.ledger_id AND e.row_number = r.row_number
  WHERE
    r.identity_hash IN (SELECT identity_hash FROM repeated_identities)
    AND coalesce(e.reason, '') NOT IN ('forgotten', 'rebased', 'vanished')
{%- endif %}
{%- endfor %}
),

positioned AS (
  SELECT
    *,
    {{ output_meters | join(" + ") or "0" }} AS output_tokens,
    CASE WHEN {{ meters | join(" + ") }} > 0 THEN 1 ELSE 0 END AS is_used,
    CAST(
      row_number() OVER (
        PARTITION BY basis, provider, organization_id, record_id, called_at
        ORDER BY run_id, source_rank, input_file, input_line, ledger_id, row_number
      ) AS BIGINT
    ) AS position
  FROM candidate
),

grouped AS (
  SELECT
    *,
    min(position) OVER same AS group_position,
    min(CASE WHEN NOT is_new AND NOT is_excluded THEN position END) OVER same AS live_position,
    max(CASE WHEN is_excluded THEN 1 ELSE 0 END) OVER same AS has_excluded,
    max(CASE WHEN is_new THEN 1 ELSE 0 END) OVER same AS has_new,
    max(CASE WHEN is_partial THEN 0 ELSE 1 END) OVER same AS is_whole,
    CASE
      WHEN
{%- for column in askers %}
        {{ "OR " if not loop.first }}min(coalesce({{ column }}, '')) OVER same
        <> max(coalesce({{ column }}, '')) OVER same
{%- endfor %}
        THEN 1
      ELSE 0
    END AS has_several_askers
  FROM positioned
  WINDOW same AS (
    PARTITION BY basis, provider, organization_id, record_id, called_at, {{ contents | columns }}
  )
),

-- One row stands for each content: the live one, or the first. Content that was replaced before
-- has none.
standing AS (
  SELECT
    *,
    coalesce(live_position, group_position) AS standing_position,
    CASE WHEN live_position IS NOT NULL OR has_excluded = 0 THEN 1 ELSE 0 END AS can_count
  FROM grouped
),

ranked AS (
  SELECT
    basis, provider, organization_id, record_id, called_at, group_position, input_file, input_line,
    -- the content that counts has the first place, and each one replaces the next
    row_number() OVER (
      PARTITION BY basis, provider, organization_id, record_id, called_at
      ORDER BY
        is_used DESC, is_whole DESC,
        CASE WHEN is_whole = 1 THEN group_position ELSE output_tokens END DESC, group_position
    ) AS place
  FROM standing
  WHERE can_count = 1 AND position = standing_position
),

replacing AS (
  SELECT
    basis, provider, organization_id, record_id, called_at, group_position, place,
    lag(input_file) OVER in_place AS replaced_by_file,
    lag(input_line) OVER in_place AS replaced_by_line
  FROM ranked
  WINDOW in_place AS (
    PARTITION BY basis, provider, organization_id, record_id, called_at ORDER BY place
  )
),

judged AS (
  SELECT
    s.*, r.replaced_by_file, r.replaced_by_line, coalesce(r.place, 0) = 1 AS is_counting,
    max(CASE WHEN s.position = s.standing_position THEN s.ledger_id END) OVER same
      AS standing_ledger_id,
    max(CASE WHEN s.position = s.standing_position THEN s.row_number END) OVER same
      AS standing_row_number,
    max(CASE WHEN s.position = s.standing_position THEN s.input_file END) OVER same
      AS standing_file
  FROM standing AS s
  LEFT JOIN replacing AS r
    ON r.basis = s.basis
    AND r.provider = s.provider
    AND r.organization_id = s.organization_id
    AND r.record_id = s.record_id
    AND r.called_at IS NOT DISTINCT FROM s.called_at
    AND r.group_position = s.group_position
  WINDOW same AS (
    PARTITION BY s.basis, s.provider, s.organization_id, s.record_id, s.called_at, s.group_position
  )
),

fated AS (
  SELECT
    *,
    CASE
      WHEN is_counting AND has_several_askers = 1 AND has_new = 1 THEN 'asked'
      WHEN is_new AND (can_count = 0 OR position <> standing_position) THEN 'duplicate'
      WHEN can_count = 1 AND position = standing_position AND NOT is_counting THEN 'superseded'
    END AS fate
  FROM judged
)

SELECT
  ledger_id, row_number, fate, run_id, source, input_file, input_line, usage_date,
  replaced_by_file, replaced_by_line, is_new, is_excluded, basis, provider, organization_id,
  record_id, called_at, position, identity_hash, standing_ledger_id, standing_row_number,
  standing_file,
  {{ askers | columns }}
FROM fated
WHERE fate IS NOT NULL
