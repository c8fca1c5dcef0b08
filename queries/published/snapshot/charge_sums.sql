-- row: one kind of charge on one UTC day, over all keys and users: what reports read of charges.
-- takes: sum_files, a FROM item over the sums of the charges of days.
-- ties: sum(cost_usd) = that of charges over the same days.
-- engine: duckdb
SELECT
  c.usage_date, c.charge_date, c.project_id, p.project_name, c.provider, c.model, c.scope, c.operation,
  c.variant, c.service_tier, c.is_batch, c.context_class, c.meter, c.unit, c.pricing_status,
  c.bill_cause,
  coalesce(NOT b.is_settled, c.usage_date >= f.provisional_from_date, FALSE) AS is_provisional,
  c.dearest_unit_price_usd, c.quantity, c.list_cost_usd, c.discount_usd, c.surcharge_usd, c.cost_usd,
  c.lines, c.unpriced_lines
FROM {{ sum_files }} AS c
CROSS JOIN stored.snapshot AS f
LEFT JOIN stored.followed_days AS b ON b.provider = c.provider AND b.usage_date = c.usage_date
LEFT JOIN stored.projects AS p ON p.project_id = c.project_id
