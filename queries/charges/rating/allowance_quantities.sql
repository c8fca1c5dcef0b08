-- row: what an organization has free of one meter on one UTC day, as a negative quantity.
-- takes: quantities, allowances (provider or NULL for all of them, meter, quantity, starts_at,
-- ends_at). Posted on the organization (no project) at the same price, so that everything still
-- adds up.
-- engine: any
{%- set of_organization = charge_dimensions | without('project_id', 'api_key_id', 'user_id') %}
{%- set of_day = of_organization | without('charge_date') %}
WITH used AS (
{%- for meter in meters %}
  SELECT
    {{ of_organization | columns }}, priced_at,
    '{{ meter }}' AS meter, '{{ units[meter] }}' AS unit,
    CAST({{ meter }} AS DECIMAL(22, 6)) AS quantity
  FROM quantities
  WHERE {{ meter }} > 0
  {{ "UNION ALL" if not loop.last }}
{%- endfor %}
),

day AS (
  SELECT
    {{ of_day | columns }}, min(charge_date) AS charge_date, min(priced_at) AS priced_at,
    meter, unit, CAST(sum(quantity) AS DECIMAL(22, 6)) AS quantity
  FROM used
  GROUP BY
    {{ of_day | columns }}, meter, unit
),

granted AS (
  SELECT
    {{ of_organization | columns('d') }}, d.priced_at, d.meter, d.unit,
    least(d.quantity, a.quantity) AS free,
    -- granted once a day, to the largest part where a day has several; of equal ones always the same
    row_number() OVER (
      PARTITION BY d.usage_date, d.organization_id, d.meter, a.provider
      ORDER BY
        d.quantity DESC, d.provider, d.model, d.operation, d.variant, d.scope, d.service_tier,
        d.is_batch, d.context_class, d.unit
    ) AS place
  FROM day AS d
  INNER JOIN allowances AS a
    ON a.meter = d.meter
    AND (a.provider IS NULL OR a.provider = d.provider)
    AND CAST(d.usage_date AS TIMESTAMP) >= a.starts_at
    AND CAST(d.usage_date AS TIMESTAMP) < a.ends_at
)

SELECT
  {{ of_organization | columns }}, CAST(NULL AS VARCHAR) AS project_id,
  CAST(NULL AS VARCHAR) AS api_key_id, CAST(NULL AS VARCHAR) AS user_id, priced_at, meter, unit,
  CAST(-free AS DECIMAL(22, 6)) AS quantity
FROM granted
WHERE place = 1
