-- row: one row of the ledger, new or known, that is a duplicate (new only) or superseded.
-- takes: new_rows, known_rows, excluded_rows, repeated_identities, source_ranks, ledger_runs.
-- Later means: run, then the order of sources, then path, then line. Content that any earlier
-- version already had is a duplicate; rows of forgotten files do not count.
-- engine: any
WITH candidate AS (
  SELECT
    n.ledger_id, n.row_number, true AS is_new, false AS is_excluded,
    '~' AS run_id,  -- sorts after every run
    coalesce(s.source_rank, 0) AS source_rank,
    n.source, n.input_file, n.input_line, n.organization_id, n.record_id,
    n.basis, n.provider, n.started_at, n.ended_at, n.usage_date, n.charge_date, n.project_id,
    n.api_key_id, n.user_id, n.service_account_id, n.model, n.scope, n.operation, n.variant,
    n.service_tier, n.is_batch, n.text_input_tokens, n.cached_text_input_tokens,
    n.cache_write_tokens, n.cache_write_12h_tokens, n.text_output_tokens, n.audio_input_tokens,
    n.cached_audio_input_tokens, n.audio_output_tokens, n.image_input_tokens,
    n.cached_image_input_tokens, n.image_output_tokens, n.training_tokens, n.images, n.characters,
    n.audio_seconds, n.video_seconds, n.vector_store_gb_days, n.code_interpreter_sessions,
    n.web_search_calls, n.file_search_calls, n.requests
  FROM new_rows AS n
  LEFT JOIN source_ranks AS s ON s.source = n.source
  WHERE n.identity_hash IN (SELECT identity_hash FROM repeated_identities)

  UNION ALL

  SELECT
    k.ledger_id, k.row_number, false AS is_new, e.reason IS NOT NULL AS is_excluded,
    r.run_id,
    coalesce(s.source_rank, 0) AS source_rank,
    k.source, k.input_file, k.input_line, k.organization_id, k.record_id,
    k.basis, k.provider, k.started_at, k.ended_at, k.usage_date, k.charge_date, k.project_id,
    k.api_key_id, k.user_id, k.service_account_id, k.model, k.scope, k.operation, k.variant,
    k.service_tier, k.is_batch, k.text_input_tokens, k.cached_text_input_tokens,
    k.cache_write_tokens, k.cache_write_12h_tokens, k.text_output_tokens, k.audio_input_tokens,
    k.cached_audio_input_tokens, k.audio_output_tokens, k.image_input_tokens,
    k.cached_image_input_tokens, k.image_output_tokens, k.training_tokens, k.images, k.characters,
    k.audio_seconds, k.video_seconds, k.vector_store_gb_days, k.code_interpreter_sessions,
    k.web_search_calls, k.file_search_calls, k.requests
  FROM known_rows AS k
  INNER JOIN ledger_runs AS r ON r.ledger_id = k.ledger_id
  LEFT JOIN source_ranks AS s ON s.source = k.source
  LEFT JOIN excluded_rows AS e ON e.ledger_id = k.ledger_id AND e.row_number = k.row_number
  WHERE
    k.identity_hash IN (SELECT identity_hash FROM repeated_identities)
    AND coalesce(e.reason, '') <> 'forgotten'
),

positioned AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY organization_id, record_id
      ORDER BY run_id, source_rank, input_file, input_line, ledger_id, row_number
    ) AS position
  FROM candidate
),

content AS (
  SELECT
    *,
    min(position) OVER (
      PARTITION BY
        organization_id, record_id,
        basis, provider, started_at, ended_at, usage_date, charge_date, project_id, api_key_id,
        user_id, service_account_id, model, scope, operation, variant, service_tier, is_batch,
        text_input_tokens, cached_text_input_tokens, cache_write_tokens, cache_write_12h_tokens,
        text_output_tokens, audio_input_tokens, cached_audio_input_tokens, audio_output_tokens,
        image_input_tokens, cached_image_input_tokens, image_output_tokens, training_tokens,
        images, characters, audio_seconds, video_seconds, vector_store_gb_days,
        code_interpreter_sessions, web_search_calls, file_search_calls, requests
    ) AS first_position
  FROM positioned
),

version AS (
  SELECT
    ledger_id, row_number, is_excluded, run_id, source, input_file, input_line, usage_date,
    lead(input_file) OVER later AS replaced_by_file,
    lead(input_line) OVER later AS replaced_by_line
  FROM content
  WHERE position = first_position
  WINDOW later AS (PARTITION BY organization_id, record_id ORDER BY position)
)

SELECT
  ledger_id, row_number, 'duplicate' AS fate, run_id, source, input_file, input_line, usage_date,
  CAST(NULL AS VARCHAR) AS replaced_by_file, CAST(NULL AS BIGINT) AS replaced_by_line
FROM content
WHERE position <> first_position AND is_new

UNION ALL

SELECT
  ledger_id, row_number, 'superseded' AS fate, run_id, source, input_file, input_line, usage_date,
  replaced_by_file, replaced_by_line
FROM version
WHERE replaced_by_file IS NOT NULL AND NOT is_excluded
