-- row: a line of a log of chat completions, in the order of the file.
-- `is_plain` is true where the line is one and nothing in it needs a second look. DuckDB turns a
-- wrong type into NULL without a word: `"usage": 5` is a struct of NULLs (a missing one is NULL).
SELECT
  id,
  created,
  model,
  service_tier,
  organization_id,
  project_id,
  api_key_id,
  user_id,
  service_account_id,
  usage.prompt_tokens AS input_tokens,
  usage.completion_tokens AS output_tokens,
  usage.total_tokens AS total_tokens,
  usage.prompt_tokens_details.cached_tokens AS cached_tokens,
  usage.prompt_tokens_details.cache_write_tokens AS cache_write_tokens,
  usage.prompt_tokens_details.text_tokens AS input_text_tokens,
  usage.prompt_tokens_details.audio_tokens AS input_audio_tokens,
  usage.prompt_tokens_details.image_tokens AS input_image_tokens,
  usage.completion_tokens_details.text_tokens AS output_text_tokens,
  usage.completion_tokens_details.audio_tokens AS output_audio_tokens,
  usage.completion_tokens_details.image_tokens AS output_image_tokens,
  usage.completion_tokens_details.reasoning_tokens AS reasoning_tokens,
  object = 'chat.completion'
  AND id <> ''
  AND model <> ''
  AND usage.prompt_tokens IS NOT NULL
  AND usage.completion_tokens IS NOT NULL
  AND (
    usage.prompt_tokens_details IS NULL
    OR usage.prompt_tokens_details.cached_tokens IS NOT NULL
  )
  AND usage.prompt_tokens_details.cache_write_tokens_details IS NULL
  AND usage.prompt_tokens_details.cached_tokens_details IS NULL
  AND (
    usage.completion_tokens_details IS NULL
    OR usage.completion_tokens_details.reasoning_tokens IS NOT NULL
  ) AS is_plain
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
    created: 'DOUBLE',
    model: 'VARCHAR',
    service_tier: 'VARCHAR',
    organization_id: 'VARCHAR',
    project_id: 'VARCHAR',
    api_key_id: 'VARCHAR',
    user_id: 'VARCHAR',
    service_account_id: 'VARCHAR',
    usage: 'STRUCT(
      prompt_tokens VARCHAR,
      completion_tokens VARCHAR,
      total_tokens VARCHAR,
      prompt_tokens_details STRUCT(
        cached_tokens VARCHAR,
        cache_write_tokens VARCHAR,
        text_tokens VARCHAR,
        audio_tokens VARCHAR,
        image_tokens VARCHAR,
        cache_write_tokens_details STRUCT(ttl_12h_tokens VARCHAR),
        cached_tokens_details STRUCT(audio_tokens VARCHAR)
      ),
      completion_tokens_details STRUCT(
        reasoning_tokens VARCHAR,
        text_tokens VARCHAR,
        audio_tokens VARCHAR,
        image_tokens VARCHAR
      )
    )'
  }
)
