-- row: one spend limit of the provider, while it was so (valid_to_at is NULL: it is so now). Where an
-- action had lowered it, the one that was there before is taken for it (NULL: there was none).
-- engine: duckdb
SELECT
  limits.project_id,
  CASE
    WHEN actions.action_id IS NULL THEN limits.amount_usd
    ELSE CAST(actions.limits_before ->> 'spend_limit' AS DECIMAL(38, 24))
  END AS amount_usd,
  limits.valid_from_at,
  limits.valid_to_at
FROM spend_limits AS limits
LEFT JOIN budget_actions AS actions
  ON actions.kind = 'spend_limit'
  AND actions.project_id = limits.project_id
  AND CAST(actions.limits_set ->> 'spend_limit' AS DECIMAL(38, 24)) = limits.amount_usd
  AND actions.limits_before <> actions.limits_set
  AND actions.requested_at <= limits.valid_from_at
  AND (actions.ended_at IS NULL OR actions.ended_at >= limits.valid_from_at)
WHERE limits.period = 'month' AND limits.amount_usd > 0
QUALIFY row_number() OVER (
  PARTITION BY limits.project_id, limits.valid_from_at ORDER BY actions.requested_at DESC NULLS LAST
) = 1
ORDER BY limits.project_id, limits.valid_from_at
