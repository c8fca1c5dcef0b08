-- row: a line of a log of chat completions, in the order of the file.
-- `is_plain` is true where the line is one of text only, and beyond doubt; any other line is read
-- again, with the types that show what is wrong with it. What has to be seen here:
-- · DuckDB turns a wrong type into NULL without a word: `"usage": 5` is a struct of NULLs (where
--   the key is missing or null, the struct is NULL), `"prompt_tokens": "x"` is NULL.
-- · As DOUBLE, which is the fastest, `true` is 1 and 1.5 is 1.5: so a count must be whole, and
--   the total must bear it out.
-- engine: duckdb
WITH lines AS (
  SELECT
    object,
    id,
    created,
    model,
    service_tier,
    {{ attribution_columns | columns }},
    usage.prompt_tokens AS input_tokens,
    usage.completion_tokens AS output_tokens,
    usage.total_tokens AS total_tokens,
    usage.prompt_tokens_details AS inputs,
    usage.completion_tokens_details AS outputs
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
      {{ attribution_columns | typed('VARCHAR') }},
      usage: 'STRUCT(
        prompt_tokens DOUBLE,
        completion_tokens DOUBLE,
        total_tokens DOUBLE,
        prompt_tokens_details STRUCT(
          cached_tokens DOUBLE,
          cache_write_tokens VARCHAR,
          text_tokens DOUBLE,
          audio_tokens VARCHAR,
          image_tokens VARCHAR,
          cache_write_tokens_details VARCHAR,
          cached_tokens_details VARCHAR
        ),
        completion_tokens_details STRUCT(
          reasoning_tokens DOUBLE,
          text_tokens DOUBLE,
          audio_tokens VARCHAR,
          image_tokens VARCHAR
        )
      )'
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
  object = 'chat.completion'
  AND id <> ''
  AND model <> ''
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
      AND inputs.cache_write_tokens_details IS NULL
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
  ) AS is_plain
FROM lines
