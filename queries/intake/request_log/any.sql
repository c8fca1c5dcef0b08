-- row: a line of a log of all kinds of body that come as the API sends them, in the file's order.
-- `is_plain` as in request_log_chat.sql. Lines of the Batch API, and bodies that are rare or make
-- two records, are left to the reading by hand.
-- engine: duckdb
WITH lines AS (
  SELECT
    id,
    request_id,
    custom_id,
    object,
    coalesce(created, created_at) AS created,
    model,
    service_tier,
    {{ attribution_columns | columns }},
    size,
    quality,
    usage,
    coalesce(usage.prompt_tokens, usage.input_tokens) AS input_tokens,
    coalesce(usage.completion_tokens, usage.output_tokens) AS output_tokens,
    coalesce(usage.prompt_tokens_details, usage.input_tokens_details) AS input_details,
    coalesce(usage.completion_tokens_details, usage.output_tokens_details) AS output_details,
    usage.input_token_details AS audio_details,
    tool_usage,
    output,
    tools,
    "type" AS event,
    len(output) AS output_items,
    len(data) AS data_items,
    CASE
      WHEN object IN ('chat.completion', 'chat.completion.chunk', 'text_completion', 'response')
        THEN 'completions'
      WHEN object = 'list' THEN 'embeddings'
      WHEN object IS NOT NULL THEN NULL
      WHEN answers IS NOT NULL THEN 'decisions'
      WHEN results IS NOT NULL THEN 'moderations'
      WHEN usage."type" IS NOT NULL THEN 'audio_transcriptions'
      WHEN characters IS NOT NULL THEN NULL
      WHEN data IS NOT NULL THEN 'images'
    END AS operation,
    svg_usage IS NULL AND response IS NULL AND characters IS NULL AND error IS NULL AS is_single
  FROM read_json(
    $path,
    format = 'newline_delimited',
    compression = 'none',
    hive_partitioning = false,
    records = true,
    ignore_errors = true,
    columns = {
      id: 'VARCHAR',
      request_id: 'VARCHAR',
      custom_id: 'VARCHAR',
      object: 'VARCHAR',
      created: 'VARCHAR',
      created_at: 'VARCHAR',
      model: 'VARCHAR',
      service_tier: 'VARCHAR',
      {{ attribution_columns | typed('VARCHAR') }},
      size: 'VARCHAR',
      quality: 'VARCHAR',
      characters: 'VARCHAR',
      error: 'VARCHAR',
      usage: 'STRUCT(
        "type" VARCHAR,
        seconds VARCHAR,
        prompt_tokens VARCHAR,
        completion_tokens VARCHAR,
        input_tokens VARCHAR,
        output_tokens VARCHAR,
        total_tokens VARCHAR,
        prompt_tokens_details STRUCT(
          cached_tokens VARCHAR,
          cache_write_tokens VARCHAR,
          text_tokens VARCHAR,
          audio_tokens VARCHAR,
          image_tokens VARCHAR,
          cache_write_tokens_details STRUCT(ttl_30m_tokens VARCHAR, ttl_12h_tokens VARCHAR),
          cached_tokens_details STRUCT("any" VARCHAR)
        ),
        input_tokens_details STRUCT(
          cached_tokens VARCHAR,
          cache_write_tokens VARCHAR,
          text_tokens VARCHAR,
          audio_tokens VARCHAR,
          image_tokens VARCHAR,
          cache_write_tokens_details STRUCT(ttl_30m_tokens VARCHAR, ttl_12h_tokens VARCHAR),
          cached_tokens_details STRUCT("any" VARCHAR)
        ),
        input_token_details STRUCT(
          text_tokens VARCHAR,
          audio_tokens VARCHAR,
          cached_tokens VARCHAR
        ),
        completion_tokens_details STRUCT(
          reasoning_tokens VARCHAR,
          text_tokens VARCHAR,
          audio_tokens VARCHAR,
          image_tokens VARCHAR
        ),
        output_tokens_details STRUCT(
          reasoning_tokens VARCHAR,
          text_tokens VARCHAR,
          audio_tokens VARCHAR,
          image_tokens VARCHAR
        ),
        output_token_details STRUCT("any" VARCHAR)
      )',
      tool_usage: 'STRUCT(
        web_search STRUCT(num_requests VARCHAR),
        image_gen STRUCT(total_tokens VARCHAR)
      )',
      "type": 'VARCHAR',
      tools: 'STRUCT("type" VARCHAR)[]',
      output: 'STRUCT("type" VARCHAR, status VARCHAR, action STRUCT("type" VARCHAR))[]',
      answers: 'STRUCT("type" VARCHAR)[]',
      results: 'STRUCT(flagged VARCHAR)[]',
      data: 'STRUCT(object VARCHAR)[]',
      svg_usage: 'STRUCT(model VARCHAR)',
      response: 'STRUCT(status_code VARCHAR)'
    }
  )
)

SELECT
  operation,
  id,
  request_id,
  created,
  model,
  service_tier,
  {{ attribution_columns | columns }},
  input_tokens,
  output_tokens,
  usage.total_tokens AS total_tokens,
  input_details.cached_tokens AS cached_tokens,
  input_details.cache_write_tokens AS cache_write_tokens,
  input_details.cache_write_tokens_details.ttl_30m_tokens AS cache_write_30m_tokens,
  input_details.cache_write_tokens_details.ttl_12h_tokens AS cache_write_12h_tokens,
  coalesce(input_details.text_tokens, audio_details.text_tokens) AS input_text_tokens,
  CASE
    WHEN operation = 'audio_transcriptions' AND audio_details IS NULL AND input_details IS NULL
      THEN input_tokens
    ELSE coalesce(input_details.audio_tokens, audio_details.audio_tokens)
  END AS input_audio_tokens,
  input_details.image_tokens AS input_image_tokens,
  output_details.text_tokens AS output_text_tokens,
  output_details.audio_tokens AS output_audio_tokens,
  CASE
    WHEN operation = 'images' AND output_details IS NULL THEN output_tokens
    ELSE output_details.image_tokens
  END AS output_image_tokens,
  output_details.reasoning_tokens AS reasoning_tokens,
  CASE WHEN operation = 'images' AND usage IS NULL THEN data_items::VARCHAR END AS images,
  CASE
    WHEN operation = 'images'
      THEN nullif(concat_ws('/', nullif(quality, ''), nullif(size, '')), '')
  END AS variant,
  usage.seconds AS audio_seconds,
  coalesce(
    tool_usage.web_search.num_requests,
    nullif(
      len(
        list_filter(
          output,
          lambda item:
            item."type" = 'web_search_call'
            AND coalesce(item.status, '') <> 'failed'
            AND coalesce(item.action."type", 'search') = 'search'
        )
      ),
      0
    )::VARCHAR
  ) AS web_search_calls,
  nullif(
    len(
      list_filter(
        output,
        lambda item:
          item."type" = 'file_search_call' AND coalesce(item.status, '') <> 'failed'
      )
    ),
    0
  )::VARCHAR AS file_search_calls,
  object IS NOT DISTINCT FROM 'chat.completion.chunk' AS is_partial,
  is_single
  AND (event IS NULL OR object IS NOT NULL)
  AND custom_id IS NULL
  AND model <> ''
  AND NOT contains(model, '-search-')  -- its searches show only in what it cites
  AND (id <> '' OR object IS NULL OR object = 'list')
  AND CASE operation
    WHEN 'completions' THEN input_tokens IS NOT NULL AND output_tokens IS NOT NULL
    WHEN 'decisions' THEN input_tokens IS NOT NULL AND output_tokens IS NOT NULL
    WHEN 'embeddings' THEN input_tokens IS NOT NULL AND output_tokens IS NULL
    WHEN 'moderations' THEN usage IS NULL
    WHEN 'images'
      THEN (usage IS NULL AND data_items > 0)
      OR (input_tokens IS NOT NULL AND output_tokens IS NOT NULL)
    WHEN 'audio_transcriptions'
      THEN (usage."type" = 'duration' AND usage.seconds IS NOT NULL AND input_tokens IS NULL)
      OR (
        usage."type" = 'tokens'
        AND usage.seconds IS NULL
        AND input_tokens IS NOT NULL
        AND output_tokens IS NOT NULL
      )
  END
  AND (
    operation <> 'images'
    OR output_details IS NULL
    OR output_details.image_tokens IS NOT NULL
  )
  AND (
    operation <> 'audio_transcriptions'
    OR (audio_details IS NULL AND input_details IS NULL)
    OR coalesce(input_details.audio_tokens, audio_details.audio_tokens) IS NOT NULL
  )
  AND (operation = 'audio_transcriptions' OR (usage.seconds IS NULL AND audio_details IS NULL))
  AND (
    audio_details IS NULL
    OR (
      audio_details.cached_tokens IS NULL
      AND coalesce(audio_details.text_tokens, audio_details.audio_tokens) IS NOT NULL
      AND input_details IS NULL
    )
  )
  AND usage.output_token_details IS NULL
  AND (usage.prompt_tokens_details IS NULL OR usage.input_tokens_details IS NULL)
  AND (usage.completion_tokens_details IS NULL OR usage.output_tokens_details IS NULL)
  AND (
    input_details IS NULL
    OR coalesce(input_details.cached_tokens, input_details.text_tokens, input_details.image_tokens)
    IS NOT NULL
  )
  AND (
    input_details.cache_write_tokens_details IS NULL
    OR input_details.cache_write_tokens_details.ttl_30m_tokens IS NOT NULL
  )
  AND input_details.cached_tokens_details IS NULL
  AND (
    output_details IS NULL
    OR coalesce(
      output_details.reasoning_tokens, output_details.text_tokens, output_details.image_tokens
    ) IS NOT NULL
  )
  AND (
    tool_usage IS NULL
    OR (
      tool_usage.web_search.num_requests IS NOT NULL
      AND tool_usage.image_gen.total_tokens = '0'
    )
  )
  AND len(
    coalesce(
      list_filter(
        output,
        lambda item: item."type" IN ('image_generation_call', 'code_interpreter_call')
      ),
      []
    )
  ) = 0
  AND (
    -- a search of another kind may have another price
    len(
      coalesce(
        list_filter(tools, lambda tool: starts_with(tool."type", 'web_search_preview')), []
      )
    ) = 0
    OR (
      coalesce(tool_usage.web_search.num_requests, '0') = '0'
      AND len(
        coalesce(list_filter(output, lambda item: item."type" = 'web_search_call'), [])
      ) = 0
    )
  ) AS is_plain
FROM lines
