-- row: one project and model whose use is limited, since when; by which it is seen that limits
-- came or went.
SELECT project_id, model, min(valid_from_at) AS valid_from_at
FROM rate_limits
GROUP BY project_id, model
ORDER BY project_id, model
