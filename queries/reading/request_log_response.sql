-- row: a line of a log of responses, in the order of the file.
-- `is_plain` as in request_log_chat.sql; a response with tool calls that are billed is left to
-- request_log_any.sql, which counts them.
SELECT
  id,
  created_at AS created,
  model,
  service_tier,
  organization_id,
  project_id,
  api_key_id,
  user_id,
  service_account_id,
  usage.input_tokens AS input_tokens,
  usage.output_tokens AS output_tokens,
  usage.total_tokens AS total_tokens,
  usage.input_tokens_details.cached_tokens AS cached_tokens,
  usage.input_tokens_details.cache_write_tokens AS cache_write_tokens,
  usage.input_tokens_details.cache_write_tokens_details.ttl_30m_tokens AS cache_write_30m_tokens,
  usage.input_tokens_details.cache_write_tokens_details.ttl_12h_tokens AS cache_write_12h_tokens,
  usage.input_tokens_details.text_tokens AS input_text_tokens,
  usage.input_tokens_details.audio_tokens AS input_audio_tokens,
  usage.input_tokens_details.image_tokens AS input_image_tokens,
  usage.output_tokens_details.text_tokens AS output_text_tokens,
  usage.output_tokens_details.audio_tokens AS output_audio_tokens,
  usage.output_tokens_details.image_tokens AS output_image_tokens,
  usage.output_tokens_details.reasoning_tokens AS reasoning_tokens,
  object = 'response'
  AND id <> ''
  AND model <> ''
  AND usage.input_tokens IS NOT NULL
  AND usage.output_tokens IS NOT NULL
  AND (
    usage.input_tokens_details IS NULL
    OR usage.input_tokens_details.cached_tokens IS NOT NULL
  )
  AND (
    usage.input_tokens_details.cache_write_tokens_details IS NULL
    OR usage.input_tokens_details.cache_write_tokens_details.ttl_30m_tokens IS NOT NULL
  )
  AND usage.input_tokens_details.cached_tokens_details IS NULL
  AND (
    usage.output_tokens_details IS NULL
    OR usage.output_tokens_details.reasoning_tokens IS NOT NULL
  )
  AND (
    tool_usage IS NULL
    OR (
      tool_usage.web_search.num_requests = '0'
      AND tool_usage.image_gen.total_tokens = '0'
    )
  )
  AND len(
    coalesce(
      list_filter(
        output,
        lambda item:
          item."type" IN ('web_search_call', 'file_search_call', 'image_generation_call')
      ),
      []
    )
  ) = 0 AS is_plain
FROM read_json(
  $path,
  format = 'newline_delimited',
  compression = 'none',
  hive_partitioning = false,
  records = true,
  ignore_errors = true,
  columns = {
    id: 'VARCHAR',
    object: 'VARCHAR',
    created_at: 'DOUBLE',
    model: 'VARCHAR',
    service_tier: 'VARCHAR',
    organization_id: 'VARCHAR',
    project_id: 'VARCHAR',
    api_key_id: 'VARCHAR',
    user_id: 'VARCHAR',
    service_account_id: 'VARCHAR',
    usage: 'STRUCT(
      input_tokens VARCHAR,
      output_tokens VARCHAR,
      total_tokens VARCHAR,
      input_tokens_details STRUCT(
        cached_tokens VARCHAR,
        cache_write_tokens VARCHAR,
        text_tokens VARCHAR,
        audio_tokens VARCHAR,
        image_tokens VARCHAR,
        cache_write_tokens_details STRUCT(ttl_30m_tokens VARCHAR, ttl_12h_tokens VARCHAR),
        cached_tokens_details STRUCT(audio_tokens VARCHAR)
      ),
      output_tokens_details STRUCT(
        reasoning_tokens VARCHAR,
        text_tokens VARCHAR,
        audio_tokens VARCHAR,
        image_tokens VARCHAR
      )
    )',
    tool_usage: 'STRUCT(
      web_search STRUCT(num_requests VARCHAR),
      image_gen STRUCT(total_tokens VARCHAR)
    )',
    output: 'STRUCT("type" VARCHAR)[]'
  }
)
