-- row: what a provider bills for one line item for a UTC day, project, key and user.
-- takes: $kinds of line items, those that no usage record explains. What is negative is a credit: it pays
-- for use, and is none.
-- engine: any
SELECT
  c.usage_date, c.provider, c.organization_id, c.project_id, c.api_key_id, c.user_id,
  c.line_item, c.item, c.quantity_unit, CAST(sum(c.quantity) AS DECIMAL(38, 6)) AS quantity,
  CAST(sum(c.amount) AS DECIMAL(38, 24)) AS amount
FROM provider_costs AS c
WHERE c.replaced_at IS NULL AND c.currency = 'usd' AND c.amount >= 0
  AND c.line_item IS NOT NULL AND list_contains($kinds, c.item.kind)
GROUP BY
  c.usage_date, c.provider, c.organization_id, c.project_id, c.api_key_id, c.user_id,
  c.line_item, c.item, c.quantity_unit
HAVING sum(c.amount) <> 0 OR coalesce(sum(c.quantity), 0) <> 0
