-- question: How much of the input comes from the prompt cache, and what did caching save?
-- row: one model with input in tokens, the largest saving first. A saving is what the tokens would
--      have cost uncached, at the lowest uncached price of the same day, project, tier and context
--      class, less what they did cost; writing to the cache costs extra, so it can be negative.
-- ties: sum(input_cost_usd) = that of charges over the same days and the input meters.
-- parameter: since DATE default month, first day (the organization's)
-- parameter: until DATE default last_day+1, first day that is no longer counted
-- parameter: project VARCHAR default any, only this project
-- engine: duckdb
WITH input_meters (meter, uncached_meter, is_read) AS (
  VALUES
    ('text_input_tokens', NULL, FALSE),
    ('audio_input_tokens', NULL, FALSE),
    ('image_input_tokens', NULL, FALSE),
    ('cached_text_input_tokens', 'text_input_tokens', TRUE),
    ('cached_audio_input_tokens', 'audio_input_tokens', TRUE),
    ('cached_image_input_tokens', 'image_input_tokens', TRUE),
    ('cache_write_tokens', 'text_input_tokens', FALSE),
    ('cache_write_12h_tokens', 'text_input_tokens', FALSE)
),

lines AS (
  SELECT
    charges.usage_date,
    charges.project_id,
    charges.provider,
    charges.model,
    charges.service_tier,
    charges.context_class,
    charges.meter,
    input_meters.uncached_meter,
    input_meters.is_read,
    charges.quantity,
    charges.contracted_unit_price_usd,
    charges.cost_usd
  FROM charges
  INNER JOIN input_meters ON charges.meter = input_meters.meter
  WHERE
    charges.charge_date >= $since
    AND charges.charge_date < $until
    AND (CAST($project AS VARCHAR) IS NULL OR charges.project_id = $project)
),

uncached_prices AS (
  SELECT
    usage_date,
    project_id,
    provider,
    model,
    service_tier,
    context_class,
    meter,
    min(contracted_unit_price_usd) AS unit_price_usd
  FROM lines
  WHERE uncached_meter IS NULL
  GROUP BY usage_date, project_id, provider, model, service_tier, context_class, meter
),

compared AS (
  SELECT
    lines.model,
    lines.uncached_meter,
    lines.is_read,
    lines.quantity,
    lines.cost_usd,
    lines.quantity * uncached_prices.unit_price_usd - lines.cost_usd AS saved_usd
  FROM lines
  LEFT JOIN uncached_prices
    ON
      lines.usage_date = uncached_prices.usage_date
      AND lines.project_id IS NOT DISTINCT FROM uncached_prices.project_id
      AND lines.provider = uncached_prices.provider
      AND lines.model IS NOT DISTINCT FROM uncached_prices.model
      AND lines.service_tier = uncached_prices.service_tier
      AND lines.context_class = uncached_prices.context_class
      AND lines.uncached_meter = uncached_prices.meter
)

SELECT
  model,
  CAST(coalesce(sum(quantity) FILTER (WHERE uncached_meter IS NULL), 0) AS BIGINT)
    AS uncached_input_tokens,
  CAST(coalesce(sum(quantity) FILTER (WHERE is_read), 0) AS BIGINT) AS cached_input_tokens,
  CAST(
    coalesce(sum(quantity) FILTER (WHERE uncached_meter IS NOT NULL AND NOT is_read), 0) AS BIGINT
  ) AS cache_write_tokens,
  CAST(
    CAST(coalesce(sum(quantity) FILTER (WHERE is_read), 0) AS HUGEINT) * 10000
    // nullif(CAST(sum(quantity) AS HUGEINT), 0)
    AS BIGINT
  ) AS cached_basis_points,
  sum(cost_usd) AS input_cost_usd,
  CAST(sum(saved_usd) AS DECIMAL(38,24)) AS saved_usd,
  CAST(
    coalesce(sum(quantity) FILTER (WHERE uncached_meter IS NOT NULL AND saved_usd IS NULL), 0)
    AS BIGINT
  ) AS tokens_without_comparison
FROM compared
GROUP BY model
ORDER BY saved_usd DESC NULLS LAST, model NULLS LAST
