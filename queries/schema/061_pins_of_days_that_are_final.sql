-- row: one UTC day that was final (three days after its end) for some run before days had pins.
UPDATE charge_days
SET is_pinned = true
WHERE
  usage_date + INTERVAL 4 DAY
  <= (SELECT max(runs.now_at) FROM runs WHERE runs.outcome <> 'failed')
