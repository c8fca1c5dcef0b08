-- row: usage of one UTC day whose context class is not known: rows that sum several requests, with
-- a total above the threshold and a mean below it. They are charged as base.
-- takes: usage_rows, long_thresholds; price_segments where a price changes within a day.
-- engine: any
WITH doubtful AS (
  SELECT
    u.usage_date, u.charge_date, u.project_id, u.provider, u.model, u.scope, u.operation,
    u.variant, u.service_tier, u.is_batch,
{%- if has_segments %}
    greatest(CAST(u.usage_date AS TIMESTAMP), s.starts_at) AS priced_at
{%- else %}
    CAST(u.usage_date AS TIMESTAMP) AS priced_at
{%- endif %}
{%- for meter in meters %}
    , u.{{ meter }}
{%- endfor %}
  FROM usage_rows AS u
  INNER JOIN long_thresholds AS t
    ON t.provider = u.provider
    AND t.model = u.model
    AND u.started_at >= t.starts_at AND u.started_at < t.ends_at
    AND {{ input_meters | join(' + ') or '0' }} > t.long_above_tokens
    AND (
      (u.requests = 0 AND u.ended_at IS NOT NULL)
      OR {{ input_meters | join(' + ') or '0' }} <= t.long_above_tokens * greatest(u.requests, 1)
    )
{%- if has_segments %}
  INNER JOIN price_segments AS s
    ON u.started_at >= s.starts_at AND u.started_at < s.ends_at
{%- endif %}
)

SELECT
  usage_date, charge_date, project_id, provider, model, scope, operation, variant, service_tier,
  is_batch, priced_at
{%- for meter in meters %}
  , CAST(sum({{ meter }}) AS {{ types[meter] }}) AS {{ meter }}
{%- endfor %}
FROM doubtful
GROUP BY
  usage_date, charge_date, project_id, provider, model, scope, operation, variant, service_tier,
  is_batch, priced_at
