-- row: one row of quantities, in numbers: which one, the key of its price, what was used.
-- takes: quantities, price_keys. DuckDB's own dialect: a temporary table has row ids.
-- engine: duckdb
SELECT
  q.rowid AS quantity_id, k.price_key{% for meter in meters %}, q.{{ meter }}{% endfor %},
  q.requests
FROM quantities AS q
INNER JOIN price_keys AS k
  ON k.model_or_empty = coalesce(q.model, '')
  AND k.priced_at = q.priced_at
  AND k.provider = q.provider
  AND k.service_tier = q.service_tier
  AND k.context_class = q.context_class
  AND k.variant_or_empty = coalesce(q.variant, '')
{%- if by_project %}
  AND k.project_or_empty = coalesce(q.project_id, '')
{%- endif %}
