-- row: one usage record of a cell that makes charges, the dearest first: each meter counts at the
-- highest price that it has in the cell for the record's model and tier.
-- engine: duckdb
WITH highest_prices AS (
  SELECT
    model, service_tier,
{%- for name in charged %}
    max(contracted_unit_price_usd) FILTER (WHERE meter = '{{ name }}') AS {{ name }},
{%- endfor %}
    count(*) AS lines
  FROM charges
  WHERE {% include "reporting/explain/in_cell.sql.j2" %}
    AND ($meter IS NULL OR meter = $meter)
  GROUP BY model, service_tier
)

SELECT
  u.{{ columns | join(', u.') }}
FROM usage AS u
LEFT JOIN highest_prices AS p
  ON p.model IS NOT DISTINCT FROM u.model
  AND p.service_tier = u.service_tier
WHERE u.basis = 'charge'
  AND {% with table = "u." %}{% include "reporting/explain/in_cell.sql.j2" %}{% endwith %}
{%- if meter %}
  AND u.{{ meter }} > 0
{%- endif %}
ORDER BY
{%- for name in charged %}
  {{ "" if loop.first else "+ " }}coalesce(CAST(u.{{ name }} AS DECIMAL(22, 6)) * p.{{ name }}, 0){{ " DESC," if loop.last }}
{%- endfor %}
{%- for name in charged %}
  {{ "" if loop.first else "+ " }}u.{{ name }}{{ " DESC," if loop.last }}
{%- endfor %}
  u.started_at, u.input_file, u.input_line
LIMIT $examples
