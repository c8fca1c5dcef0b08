-- row: what was used on one UTC day with one set of dimensions, context class and price instant.
-- takes: usage_rows; long_thresholds where some model has one; price_segments where a price
-- changes within a day. Meters that do not occur are left out.
-- Quantities are summed before they are priced: cost is linear inside one such row.
-- engine: any
WITH classed AS (
  SELECT
    {{ usage_dimensions | columns('u') }},
{%- if has_thresholds %}
    -- one request above the threshold is long, and several are whose mean is above it; of a row
    -- with an end and no number of requests it is not known (see doubtful_quantities)
    CASE
      WHEN t.model IS NULL OR (u.requests = 0 AND u.ended_at IS NOT NULL) THEN 'base'
      WHEN
        {{ input_meters | join(' + ') or '0' }} > t.long_above_tokens * greatest(u.requests, 1)
        THEN 'long'
      ELSE 'base'
    END AS context_class,
{%- else %}
    'base' AS context_class,
{%- endif %}
{%- if has_segments %}
    greatest(CAST(u.usage_date AS TIMESTAMP), s.starts_at) AS priced_at,
{%- else %}
    CAST(u.usage_date AS TIMESTAMP) AS priced_at,
{%- endif %}
{%- for meter in meters %}
    u.{{ meter }},
{%- endfor %}
    u.requests
  FROM usage_rows AS u
{%- if has_thresholds %}
  LEFT JOIN long_thresholds AS t
    ON t.provider = u.provider
    AND t.model = u.model
    AND u.started_at >= t.starts_at AND u.started_at < t.ends_at
    AND {{ input_meters | join(' + ') or '0' }} > t.long_above_tokens
{%- endif %}
{%- if has_segments %}
  INNER JOIN price_segments AS s
    ON u.started_at >= s.starts_at AND u.started_at < s.ends_at
{%- endif %}
)

SELECT
  {{ charge_dimensions | columns }}, priced_at,
{%- for meter in meters %}
  CAST(sum({{ meter }}) AS {{ types[meter] }}) AS {{ meter }},
{%- endfor %}
  CAST(sum(requests) AS BIGINT) AS requests
FROM classed
GROUP BY
  {{ charge_dimensions | columns }}, priced_at
