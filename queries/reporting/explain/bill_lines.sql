-- row: one line of the provider's costs behind the billed charges of a cell, the dearest first.
-- engine: duckdb
WITH billed AS (
  SELECT DISTINCT
    usage_date, provider, organization_id, project_id, api_key_id, user_id, model, variant, bill_cause
  FROM charges
  WHERE pricing_status = 'billed'
    AND {% include "reporting/explain/in_cell.sql.j2" %}
    AND ($meter IS NULL OR meter = $meter)
),

-- a line of the bill itself; or one of those that a day's charges are made equal to
items AS (
  SELECT usage_date, provider, organization_id, project_id, api_key_id, user_id, variant AS line_item
  FROM billed
  WHERE bill_cause IS NULL
),

trued_up AS (
  SELECT DISTINCT
    b.usage_date, b.provider, b.organization_id, b.project_id,
    unnest(string_split(coalesce(b.variant, r.line_item), ' + ')) AS line_item
  FROM billed AS b
  LEFT JOIN reconciliation AS r
    ON b.bill_cause = 'unpriced' AND r.unpriced_usd <> 0 AND r.usage_date = b.usage_date
    AND r.provider = b.provider AND r.project_id IS NOT DISTINCT FROM b.project_id
    AND r.model = b.model
  WHERE b.bill_cause IS NOT NULL
)

SELECT
  c.usage_date, c.line_item, c.amount AS amount_usd, c.quantity, c.quantity_unit, c.input_file, c.input_line,
  count(*) OVER () AS lines_in_all
FROM provider_costs AS c
WHERE c.currency = 'usd' AND c.amount >= 0
  AND (
    EXISTS (
      SELECT 1 FROM items AS b
      WHERE b.usage_date = c.usage_date AND b.line_item = c.line_item
        AND b.provider = c.provider AND b.organization_id = c.organization_id
        AND b.project_id IS NOT DISTINCT FROM c.project_id
        AND b.api_key_id IS NOT DISTINCT FROM c.api_key_id
        AND b.user_id IS NOT DISTINCT FROM c.user_id
    )
    OR EXISTS (
      SELECT 1 FROM trued_up AS b
      WHERE b.usage_date = c.usage_date AND b.line_item = c.line_item AND b.provider = c.provider
        AND b.project_id IS NOT DISTINCT FROM c.project_id
    )
  )
ORDER BY c.amount DESC, c.usage_date, c.line_item, c.input_file, c.input_line
LIMIT $lines
