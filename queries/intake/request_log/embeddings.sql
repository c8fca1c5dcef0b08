-- row: a line of a log of embeddings, in the order of the file; the vectors are not read.
-- `is_plain` as in request_log_chat.sql.
-- engine: duckdb
WITH lines AS (
  SELECT
    object,
    id,
    request_id,
    created,
    model,
    service_tier,
    {{ attribution_columns | columns }},
    usage.prompt_tokens AS input_tokens,
    usage
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
      object: 'VARCHAR',
      created: 'DOUBLE',
      model: 'VARCHAR',
      service_tier: 'VARCHAR',
      {{ attribution_columns | typed('VARCHAR') }},
      usage: 'STRUCT(
        prompt_tokens DOUBLE,
        total_tokens DOUBLE,
        completion_tokens VARCHAR,
        output_tokens VARCHAR,
        prompt_tokens_details STRUCT(cached_tokens VARCHAR),
        input_tokens_details STRUCT(cached_tokens VARCHAR)
      )'
    }
  )
)

SELECT
  id,
  request_id,
  created,
  model,
  service_tier,
  {{ attribution_columns | columns }},
  try_cast(input_tokens AS BIGINT) AS input_tokens,
  object = 'list'
  AND model <> ''
  AND usage.total_tokens = input_tokens
  AND input_tokens > 1
  AND input_tokens < 9007199254740992  -- 2^53: up to here a DOUBLE is exact
  AND input_tokens = trunc(input_tokens)
  AND usage.completion_tokens IS NULL
  AND usage.output_tokens IS NULL
  AND usage.prompt_tokens_details IS NULL
  AND usage.input_tokens_details IS NULL AS is_plain
FROM lines
