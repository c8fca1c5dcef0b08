-- row: a line of a log of responses, in the order of the file.
-- `is_plain` as in request_log_chat.sql; a response with tool calls that are billed is left to
-- request_log_any.sql, which counts them.
-- engine: duckdb
WITH lines AS (
  SELECT
    object,
    id,
    created_at AS created,
    model,
    service_tier,
    {{ attribution_columns | columns }},
    usage.input_tokens AS input_tokens,
    usage.output_tokens AS output_tokens,
    usage.total_tokens AS total_tokens,
    usage.input_tokens_details AS inputs,
    usage.output_tokens_details AS outputs,
    tool_usage,
    output
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
      {{ attribution_columns | typed('VARCHAR') }},
      usage: 'STRUCT(
        input_tokens DOUBLE,
        output_tokens DOUBLE,
        total_tokens DOUBLE,
        input_tokens_details STRUCT(
          cached_tokens DOUBLE,
          cache_write_tokens VARCHAR,
          cache_write_tokens_details STRUCT(ttl_30m_tokens VARCHAR, ttl_12h_tokens VARCHAR),
          text_tokens DOUBLE,
          audio_tokens VARCHAR,
          image_tokens VARCHAR,
          cached_tokens_details VARCHAR
        ),
        output_tokens_details STRUCT(
          reasoning_tokens DOUBLE,
          text_tokens DOUBLE,
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
)

SELECT
  id,
  created,
  model,
  service_tier,
  {{ attribution_columns | columns }},
  try_cast(input_tokens AS BIGINT) AS input_tokens,
  try_cast(output_tokens AS BIGINT) AS output_tokens,
  try_cast(inputs.cached_tokens AS BIGINT) AS cached_tokens,
  inputs.cache_write_tokens AS cache_write_tokens,
  inputs.cache_write_tokens_details.ttl_30m_tokens AS cache_write_30m_tokens,
  inputs.cache_write_tokens_details.ttl_12h_tokens AS cache_write_12h_tokens,
  object = 'response'
  AND id <> ''
  AND model <> ''
  AND NOT contains(model, '-search-')  -- its searches show only in what it cites
  AND total_tokens = input_tokens + output_tokens
  AND total_tokens < 9007199254740992  -- 2^53: up to here a DOUBLE is exact
  AND input_tokens > 1
  AND output_tokens >= 0
  AND input_tokens = trunc(input_tokens)
  AND output_tokens = trunc(output_tokens)
  AND (
    inputs IS NULL
    OR (
      inputs.cached_tokens BETWEEN 0 AND input_tokens
      AND inputs.cached_tokens = trunc(inputs.cached_tokens)
      AND inputs.cached_tokens <> 1
      AND coalesce(inputs.text_tokens, 0) <= input_tokens
      AND coalesce(inputs.audio_tokens, '0') = '0'
      AND coalesce(inputs.image_tokens, '0') = '0'
      AND (
        inputs.cache_write_tokens_details IS NULL
        OR (
          inputs.cache_write_tokens_details.ttl_30m_tokens IS NOT NULL
          AND inputs.cache_write_tokens_details.ttl_12h_tokens IS NOT NULL
        )
      )
      AND inputs.cached_tokens_details IS NULL
    )
  )
  AND (
    outputs IS NULL
    OR (
      outputs.reasoning_tokens BETWEEN 0 AND output_tokens
      AND outputs.reasoning_tokens = trunc(outputs.reasoning_tokens)
      AND coalesce(outputs.text_tokens, 0) <= output_tokens
      AND coalesce(outputs.audio_tokens, '0') = '0'
      AND coalesce(outputs.image_tokens, '0') = '0'
    )
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
          item."type" IN (
            'web_search_call', 'file_search_call', 'image_generation_call', 'code_interpreter_call'
          )
      ),
      []
    )
  ) = 0 AS is_plain
FROM lines
