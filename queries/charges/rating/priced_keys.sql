-- row: one combination that needs a price, with which of the meters occur in it.
-- takes: quantities. The project counts only where a discount names one.
-- engine: any
SELECT
  priced_at, provider, model, service_tier, context_class, variant,
{%- if by_project %}
  project_id,
{%- else %}
  CAST(NULL AS VARCHAR) AS project_id,
{%- endif %}
{%- for meter in meters %}
  max({{ meter }}) > 0 AS {{ meter }}{{ "," if not loop.last }}
{%- endfor %}
FROM quantities
GROUP BY
  priced_at, provider, model, service_tier, context_class, variant{{ ", project_id" if by_project }}
