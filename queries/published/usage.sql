-- row: one accepted usage record, current version.
-- engine: duckdb
-- view: One accepted usage record, current version (charge and detail sources; see basis). Ties:
--   rows = accepted in input_files. Never join it to charges row by row: a record has several
--   lines, a line several records, and money would be counted many times; see cost_usd.
-- column record_id VARCHAR: Id of the record: the response id, the request id, or one made from
--   bucket or line
-- column source VARCHAR: Name of the source in tollbook.toml that brought the record
-- column basis VARCHAR: charge: makes charges; detail: only attribution and comparison, never
--   counted in charges
-- column provider VARCHAR: Who provides the model, such as openai
-- column started_at TIMESTAMP: Start of the request or bucket, UTC
-- column ended_at TIMESTAMP: End of the bucket, exclusive, UTC; NULL for a single request
-- column usage_date DATE: Day of started_at in UTC, as on the provider's bill
-- column charge_date DATE: Day of started_at in the organization's time zone, as in budgets and
--   reports
-- column organization_id VARCHAR: Id of the organization
-- column project_id VARCHAR: Id of the project; NULL where the source does not say
-- column api_key_id VARCHAR: Id of the API key (never the key itself); NULL where the source does
--   not say
-- column user_id VARCHAR: Id of the user; NULL for service accounts and where the source does not
--   say
-- column service_account_id VARCHAR: Id of the service account; NULL where it was none or is not
--   known
-- column model VARCHAR: Id of the model as recorded; NULL: the provider did not say
-- column scope VARCHAR: models, fine_tuning, storage or tools
-- column operation VARCHAR: Name of the endpoint, such as completions or embeddings
-- column variant VARCHAR: What else decides the price, such as image size and quality; NULL where
--   nothing does
-- column service_tier VARCHAR: default, flex, priority, batch or scale; any other as recorded
-- column is_batch BOOLEAN: Whether the Batch API did it
-- column text_input_tokens BIGINT: Text input that was not served from a cache and not written to
--   one, in tokens
-- column cached_text_input_tokens BIGINT: Text input served from the prompt cache, in tokens; not
--   part of text_input_tokens
-- column cache_write_tokens BIGINT: Input written to the prompt cache for 30 minutes (or unknown
--   time), in tokens; not part of text_input_tokens
-- column cache_write_12h_tokens BIGINT: Input written to the prompt cache for 12 hours, in tokens;
--   not part of text_input_tokens
-- column text_output_tokens BIGINT: Text output, reasoning included, in tokens
-- column audio_input_tokens BIGINT: Audio input that was not served from a cache, in tokens
-- column cached_audio_input_tokens BIGINT: Audio input served from the prompt cache, in tokens
-- column audio_output_tokens BIGINT: Audio output, in tokens
-- column image_input_tokens BIGINT: Image input that was not served from a cache, in tokens
-- column cached_image_input_tokens BIGINT: Image input served from the prompt cache, in tokens
-- column image_output_tokens BIGINT: Image output, in tokens
-- column training_tokens BIGINT: Tokens a fine-tuning job was trained on
-- column images BIGINT: Images that were made, as a count
-- column characters BIGINT: Characters turned into speech, as a count
-- column audio_seconds DECIMAL(22,6): Audio that was transcribed, in seconds
-- column video_seconds DECIMAL(22,6): Video that was made, in seconds
-- column vector_store_gb_days DECIMAL(22,6): Stored bytes of vector stores, in GB-days with a GB of
--   2^30 bytes
-- column code_interpreter_sessions BIGINT: Code interpreter sessions, as a count
-- column web_search_calls BIGINT: Web search calls, as a count
-- column file_search_calls BIGINT: File search calls, as a count
-- column requests BIGINT: Requests, as a count: 1 for a single request, many for a bucket
-- column recorded_at TIMESTAMP: When the source recorded or fetched it, UTC
-- column input_file VARCHAR: Raw file that the record was read from
-- column input_line BIGINT: Line (from 1) in input_file
-- column cost_usd DECIMAL(38,24): What the record was rated at, USD, before free allowances and the
--   bill: over all records of a day the sum is that of the day's priced and free charges. NULL where
--   basis is detail, where something of the record has no price or is billed by the provider's
--   amount, where a price changed within the UTC day, and with --as-of
WITH thresholds AS (
  SELECT
    c.usage_date, c.provider, coalesce(c.model, '') AS model_or_empty,
    min(p.long_above_tokens) AS lowest_tokens, max(p.long_above_tokens) AS highest_tokens
  FROM {{ charge_files }} AS c
  LEFT JOIN {{ stored }}prices AS p ON p.price_id = split_part(c.price_id, ' ', 1)
  WHERE c.context_class = 'long'
  GROUP BY c.usage_date, c.provider, coalesce(c.model, '')
),

-- what a unit cost on a day, where all of its lines agree; every meter of a record is on one of the
-- lines of its project, model, variant, tier and context class
meter_prices AS (
  SELECT
    usage_date, provider, coalesce(project_id, '') AS project_or_empty,
    coalesce(model, '') AS model_or_empty, coalesce(variant, '') AS variant_or_empty,
    service_tier, context_class, meter,
    CASE
      WHEN bool_and(contracted_unit_price_usd IS NOT NULL) AND count(DISTINCT price_id) = 1
        THEN max(contracted_unit_price_usd)
    END AS unit_price_usd
  FROM {{ charge_files }}
  WHERE quantity > 0 AND (bill_cause IS NULL OR bill_cause = 'unpriced')
  GROUP BY
    usage_date, provider, coalesce(project_id, ''), coalesce(model, ''), coalesce(variant, ''),
    service_tier, context_class, meter
),

unit_prices AS (
  SELECT
    usage_date, provider, project_or_empty, model_or_empty, variant_or_empty, service_tier,
    context_class
{%- for meter in meters %},
    max(unit_price_usd) FILTER (WHERE meter = '{{ meter }}') AS {{ meter }}
{%- endfor %}
  FROM meter_prices
  GROUP BY
    usage_date, provider, project_or_empty, model_or_empty, variant_or_empty, service_tier,
    context_class
)

SELECT
  {{ usage_columns | columns('u') }},
  CASE
    WHEN u.basis = 'charge' THEN
{%- for meter in meters %}
      CASE
        WHEN u.{{ meter }} = 0 THEN CAST(0 AS DECIMAL(38, 24))
        ELSE CAST(CAST(u.{{ meter }} AS DECIMAL(22, 6)) * p.{{ meter }} AS DECIMAL(38, 24))
      END{{ " +" if not loop.last }}
{%- endfor %}
  END AS cost_usd
FROM {{ usage_files }} AS u
LEFT JOIN thresholds AS t
  ON t.usage_date = u.usage_date
  AND t.provider = u.provider
  AND t.model_or_empty = coalesce(u.model, '')
LEFT JOIN unit_prices AS p
  ON p.usage_date = u.usage_date
  AND p.provider = u.provider
  AND p.project_or_empty = coalesce(u.project_id, '')
  AND p.model_or_empty = coalesce(u.model, '')
  AND p.variant_or_empty = coalesce(u.variant, '')
  AND p.service_tier = u.service_tier
  AND p.context_class = CASE
    WHEN t.usage_date IS NULL OR (u.requests = 0 AND u.ended_at IS NOT NULL) THEN 'base'
    -- of a day on which the threshold moved, or nothing long has a price, the class is not known
    WHEN coalesce(t.lowest_tokens <> t.highest_tokens, true) THEN NULL
    WHEN
      {{ input_meters | columns('u') | replace(', ', ' + ') }}
      > t.lowest_tokens * greatest(u.requests, 1)
      THEN 'long'
    ELSE 'base'
  END
