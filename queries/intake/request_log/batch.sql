-- row: a line of a Batch API output file, in the order of the file.
-- `is_plain` as in request_log_chat.sql, for the bodies that batches are made of; errors and other
-- bodies are left to the readings after it. Attribution may stand beside the body or in it.
-- engine: duckdb
WITH lines AS (
  SELECT
    custom_id,
    response.status_code AS status_code,
    nullif(response.body.id, '') AS id,
    coalesce(nullif(response.request_id, ''), request_id) AS request_id,
    coalesce(response.body.created, response.body.created_at, created) AS created,
    response.body.object AS object,
    coalesce(nullif(response.body.model, ''), model) AS model,
    coalesce(nullif(organization_id, ''), response.body.organization_id) AS organization_id,
    coalesce(nullif(project_id, ''), response.body.project_id) AS project_id,
    coalesce(nullif(api_key_id, ''), response.body.api_key_id) AS api_key_id,
    coalesce(nullif(user_id, ''), response.body.user_id) AS user_id,
    coalesce(nullif(service_account_id, ''), response.body.service_account_id)
      AS service_account_id,
    coalesce(response.body.usage.prompt_tokens, response.body.usage.input_tokens) AS input_tokens,
    coalesce(response.body.usage.completion_tokens, response.body.usage.output_tokens)
      AS output_tokens,
    response.body.usage AS usage,
    coalesce(
      response.body.usage.prompt_tokens_details, response.body.usage.input_tokens_details
    ) AS inputs,
    coalesce(
      response.body.usage.completion_tokens_details, response.body.usage.output_tokens_details
    ) AS outputs,
    response.body.tool_usage AS tool_usage,
    response.body.output AS output
  FROM read_json(
    $path,
    format = 'newline_delimited',
    compression = 'none',
    hive_partitioning = false,
    records = true,
    ignore_errors = true,
    columns = {
      custom_id: 'VARCHAR',
      request_id: 'VARCHAR',
      created: 'DOUBLE',
      model: 'VARCHAR',
      {{ attribution_columns | typed('VARCHAR') }},
      response: 'STRUCT(
        status_code VARCHAR,
        request_id VARCHAR,
        body STRUCT(
          id VARCHAR,
          object VARCHAR,
          created DOUBLE,
          created_at DOUBLE,
          model VARCHAR,
          organization_id VARCHAR,
          project_id VARCHAR,
          api_key_id VARCHAR,
          user_id VARCHAR,
          service_account_id VARCHAR,
          usage STRUCT(
            prompt_tokens DOUBLE,
            completion_tokens DOUBLE,
            input_tokens DOUBLE,
            output_tokens DOUBLE,
            total_tokens DOUBLE,
            prompt_tokens_details STRUCT(
              cached_tokens DOUBLE,
              cache_write_tokens VARCHAR,
              text_tokens DOUBLE,
              audio_tokens VARCHAR,
              image_tokens VARCHAR,
              cache_write_tokens_details STRUCT(ttl_30m_tokens VARCHAR, ttl_12h_tokens VARCHAR),
              cached_tokens_details VARCHAR
            ),
            input_tokens_details STRUCT(
              cached_tokens DOUBLE,
              cache_write_tokens VARCHAR,
              text_tokens DOUBLE,
              audio_tokens VARCHAR,
              image_tokens VARCHAR,
              cache_write_tokens_details STRUCT(ttl_30m_tokens VARCHAR, ttl_12h_tokens VARCHAR),
              cached_tokens_details VARCHAR
            ),
            completion_tokens_details STRUCT(
              reasoning_tokens DOUBLE,
              text_tokens DOUBLE,
              audio_tokens VARCHAR,
              image_tokens VARCHAR
            ),
            output_tokens_details STRUCT(
              reasoning_tokens DOUBLE,
              text_tokens DOUBLE,
              audio_tokens VARCHAR,
              image_tokens VARCHAR
            )
          ),
          tool_usage STRUCT(
            web_search STRUCT(num_requests VARCHAR),
            image_gen STRUCT(total_tokens VARCHAR)
          ),
          output STRUCT("type" VARCHAR)[]
        )
      )'
    }
  )
)

SELECT
  CASE WHEN object = 'list' THEN 'embeddings' ELSE 'completions' END AS operation,
  id,
  request_id,
  created,
  model,
  {{ attribution_columns | columns }},
  try_cast(input_tokens AS BIGINT) AS input_tokens,
  try_cast(output_tokens AS BIGINT) AS output_tokens,
  try_cast(inputs.cached_tokens AS BIGINT) AS cached_tokens,
  inputs.cache_write_tokens AS cache_write_tokens,
  inputs.cache_write_tokens_details.ttl_30m_tokens AS cache_write_30m_tokens,
  inputs.cache_write_tokens_details.ttl_12h_tokens AS cache_write_12h_tokens,
  custom_id <> ''
  AND status_code = '200'
  AND model <> ''
  AND NOT contains(model, '-search-')  -- its searches show only in what it cites
  AND (
    (object = 'list' AND output_tokens IS NULL AND inputs IS NULL)
    OR (
      object IN ('chat.completion', 'response', 'text_completion')
      AND id <> ''
      AND output_tokens >= 0
    )
  )
  AND usage.total_tokens = input_tokens + coalesce(output_tokens, 0)
  AND usage.total_tokens < 9007199254740992  -- 2^53: up to here a DOUBLE is exact
  AND input_tokens > 1
  AND input_tokens = trunc(input_tokens)
  AND coalesce(output_tokens, 0) = trunc(coalesce(output_tokens, 0))
  AND (usage.prompt_tokens_details IS NULL OR usage.input_tokens_details IS NULL)
  AND (usage.completion_tokens_details IS NULL OR usage.output_tokens_details IS NULL)
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
